/**
 * The worked example of docs/numerics.md, and its statements other than the arithmetic, which
 * test/core/specification.test.ts checks.
 */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { addNoise, addNoiseToFiles, type Seed } from '../../dist/index.js'
import { fileKey } from '../../dist-lib/plan/keys.js'
import { ALLOWED, CHI_SQUARE, deviationsOf } from '../stats/figures.js'
import { normalBelow } from '../stats/normal.js'
import { writeFiles } from '../support/files.js'
import { native, root, temporaryFolder } from '../support/folders.js'
import { hasModule, outputOf, python } from '../support/readers.js'
import { pcm16 } from '../support/wav.js'

const page = readFileSync(path.join(root, 'docs/numerics.md'), 'utf8')

/** The cells of each row of the table with this head. */
function rowsOf(head: string): string[][] {
  const [, rows] = page.split(`\n${head}\n`)[1]?.match(/^\|[-| ]+\|\n((?:\|.*\|\n)+)/) ?? []
  if (rows === undefined) throw new Error(`no table: ${head}`)
  return rows
    .trimEnd()
    .split('\n')
    .map((row) =>
      row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}

/** Values of the worked example, by test/core/specification.py, in the order of the table. */
const WORKED_EXAMPLE = `
import json, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from specification import OCTAVE, Color, drawn_level, file_key, gain, gaussians, noise, philox, words
key = file_key(1, "a.wav", 1)
state = [int(word) for word in philox((0, 0, 0, 0), key)]
a, b = words([0], 1, [0], key)[0, 0, 0, :, 0]
pink = Color(-OCTAVE, 20, 48000)
values = np.array(gaussians(np.array([a]), np.array([b]))).reshape(2)
patterns = values.view(np.uint32).tolist()
json.dump({
    "words": [list(key), state, [int(a), int(b)]],
    "values": list(zip(patterns, values.astype(np.float64).tolist())),
    "numbers": [gain(10), drawn_level([0, 1], key), drawn_level([5, 20], key),
        pink.poles[0], pink.inputs[0], pink.gain, pink.warm_up, pink.block,
        float(noise(0, 1, np.array([0]), key, "pink", {"low": 20}, 48000)[0, 0])],
}, sys.stdout)`

const codeIn = (text: string): string[] => Array.from(text.matchAll(/`(.*?)`/g), ([, code]) => code)

const patterns = new Map(
  Array.from(page.matchAll(/\b([ASC]\d|L) +([0-9A-F]{8})\b/g), ([, name, pattern]) => [name, pattern]),
)
const floatOf = (pattern: string) => Buffer.from(pattern, 'hex').readFloatBE()

/** The polynomial with the page's constants of a letter, in float64. */
function polynomial(letter: string, first: readonly number[] = []): (x: number) => number {
  const constants = Array.from(patterns).filter(([name]) => name[0] === letter)
  const coefficients = [...first, ...constants.map(([, pattern]) => floatOf(pattern))].reverse()
  return (x) => coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)
}

/** The largest of f over a fine grid from low to high, that leaves out 0. */
function largest(low: number, high: number, f: (x: number) => number): number {
  const STEPS = 200_001
  let found = 0
  for (let i = 0; i <= STEPS; i++) found = Math.max(found, f(low + ((high - low) * i) / STEPS))
  return found
}

test.each([
  ['lib/core/noise/gaussian.ts', /const (\w+) = fround\((-?[\d.]+)\)/g],
  ['native/core/noise/gaussian.h', /constexpr float k(\w+) = (-?[\d.]+)f/g],
] as const)('the constants are those of %s', (file, declaration) => {
  const declared = new Map(
    Array.from(readFileSync(path.join(root, file), 'utf8').matchAll(declaration), ([, name, value]) => {
      const bytes = Buffer.alloc(4)
      bytes.writeFloatBE(Number(value))
      return [/^minus.?two/i.test(name) ? 'L' : name, bytes.toString('hex').toUpperCase()]
    }),
  )
  expect(patterns.size).toBe(19)
  for (const [name, pattern] of patterns) expect([name, declared.get(name)]).toEqual([name, pattern])
})

test('the errors of the polynomials are as large as the page says', () => {
  const [logarithm, sine, cosine] = [polynomial('A'), polynomial('S'), polynomial('C', [1])]
  const errorOfLog = (f: number) => Math.abs((f * logarithm(f)) / (-2 * Math.log1p(f)) - 1)
  const errorOfSine = (w: number) => Math.abs(w * sine(w * w) - Math.sin((Math.PI / 2) * w))
  const errorOfCosine = (w: number) => Math.abs(cosine(w * w) - Math.cos((Math.PI / 2) * w))
  const errors = [
    largest(Math.SQRT1_2 - 1, Math.SQRT2 - 1, errorOfLog),
    largest(-1, 1, errorOfSine),
    largest(-1, 1, errorOfCosine),
  ]
  expect(rowsOf('| polynomial | error | largest |').map(([, , error]) => error)).toEqual(
    errors.map((error) => error.toExponential(1)),
  )
})

test('the largest value is the root of 64 ln 2', () => {
  expect(page).toContain(`sqrt(64 ln 2) = ${Math.sqrt(64 * Math.LN2).toFixed(4)}`)
})

test('seeds are the bytes that the page lists', () => {
  const rows = rowsOf('| seed | bytes of SEED, hexadecimal |')
  expect(rows.length).toBeGreaterThan(5)
  for (const [seeds, bytes] of rows) {
    const seed = Buffer.from(bytes.replaceAll(' ', ''), 'hex')
    const hashed = Buffer.concat([Buffer.from('noisemill\x001\0'), seed, Buffer.from('\0a.wav\x002')])
    const digest = createHash('sha256').update(hashed).digest()
    for (const literal of codeIn(seeds))
      expect([literal, fileKey(runInNewContext(literal) as Seed, 'a.wav', 2)]).toEqual([
        literal,
        { low: digest.readUInt32LE(0), high: digest.readUInt32LE(4) },
      ])
  }
})

test('paths of inputs are as the page lists them', async () => {
  const rows = rowsOf('| input | root | example | PATH |')
  expect(rows).toHaveLength(4)
  const folder = temporaryFolder()
  writeFiles(folder, { 'corpus/19/x.wav': pcm16() })
  const inFolder = (name: string) => path.join(folder, native(name))
  for (const [, rootCell, example, key] of rows) {
    const [given] = codeIn(rootCell).flatMap((text) => /--root (.*)/.exec(text)?.[1] ?? [])
    const options = { out: inFolder('out'), sigma: 0.1, dryRun: true, ...(given && { root: inFolder(given) }) }
    const keys: string[] = []
    for await (const result of addNoiseToFiles(inFolder(codeIn(example)[0]), options)) keys.push(result.key)
    expect([example, keys]).toEqual([example, codeIn(key)])
  }
})

test('the levels that are allowed are those of the page', async () => {
  const rows = rowsOf('| option | meaning | allowed |')
  const check = (options: object) => addNoise(new Float32Array(1), options)
  expect(rows.flatMap(([option]) => codeIn(option))).toEqual(['sigma', 'snr', 'dbfs'])
  for (const [option, , allowed] of rows) {
    const [name] = codeIn(option)
    const [low, high] = allowed.split(' to ').map(Number)
    await check({ [name]: low })
    await check({ [name]: [low, high] })
    for (const level of [low - 1e-9, high + 1e-9, [high, low]])
      await expect(check({ [name]: level })).rejects.toMatchObject({ code: 'E_OPTION_INVALID', option: name })
  }
})

test('what is allowed of the figures is what the tests of statistics allow', () => {
  const [mean, variance, skewness, kurtosis, distance, chiSquare, ...counts] = rowsOf('| | measured | allowed |').map(
    ([, , allowed]) => allowed,
  )
  const off = (allowed: number) => `±${allowed.toExponential()}`
  const moments = [ALLOWED.mean, ALLOWED.variance, ALLOWED.skewness, ALLOWED.kurtosis]
  expect([mean, variance, skewness, kurtosis]).toEqual(moments.map(off))
  expect([distance, chiSquare]).toEqual([`< ${ALLOWED.distance.toExponential()}`, CHI_SQUARE.join(' to ')])
  const expected = (sigmas: number) => String(Number((1e8 * normalBelow(-sigmas)).toPrecision(sigmas === 4 ? 4 : 3)))
  expect(counts).toEqual(([4, 5] as const).map((sigmas) => `${expected(sigmas)} ± ${ALLOWED.count[sigmas]}`))

  const correlations = rowsOf('| | figures in a test | measured | allowed |')
  expect(correlations.length).toBeGreaterThan(0)
  for (const [name, figures, measured, allowed] of correlations) {
    expect([name, allowed]).toEqual([name, deviationsOf(Number(figures)).toFixed(2)])
    expect(Number(measured)).toBeLessThan(Number(allowed))
  }
})

test.skipIf(!hasModule('numpy'))('the worked example is what specification.py computes (needs NumPy)', () => {
  const made = outputOf(python, ['-B', '-c', WORKED_EXAMPLE, path.join(root, 'test/core')]).toString()
  const { words, values, numbers } = JSON.parse(made) as Record<'words' | 'values', number[][]> & { numbers: number[] }
  const hexadecimal = (list: number[]) => list.map((word) => word.toString(16).toUpperCase().padStart(8, '0')).join(' ')
  expect(rowsOf('| what | value |').map(([, value]) => value)).toEqual([
    ...words.map((list) => `\`${hexadecimal(list)}\``),
    ...values.map(([pattern, value]) => `\`${hexadecimal([pattern])}\`, ${value}`),
    ...numbers.map(String),
  ])
})
