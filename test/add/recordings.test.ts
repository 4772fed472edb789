/** Recorded noise and layers in whole runs: bytes, draws, and what is refused. */

import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type AddNoiseOptions,
  addNoise,
  addNoiseToFiles,
  addNoiseToWav,
  type FileResult,
  type LayerSpec,
  type NoisemillError,
  noiseTask,
  Pool,
  type SampleFigures,
} from '../../dist/index.js'
import { describeBackends, present } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { hashesBelow, sharedFolder, temporaryFolder } from '../support/folders.js'
import { fastest } from '../support/noise.js'
import { Random } from '../support/random.js'
import { isWindows, posixTest } from '../support/systems.js'
import { formats, HEADER_BYTES, sine, wav } from '../support/wav.js'

type Options = Omit<AddNoiseOptions, 'out'>

async function add(input: string, options: Options, out = temporaryFolder()): Promise<FileResult[]> {
  const results: FileResult[] = []
  for await (const result of addNoiseToFiles(input, { out, seed: 1, ...options })) {
    expect(result.error).toBeUndefined()
    results.push(result)
  }
  return results.sort((a, b) => (a.output < b.output ? -1 : 1))
}

async function codeOf(input: string, options: AddNoiseOptions): Promise<string> {
  try {
    for await (const { error } of addNoiseToFiles(input, options)) if (error) return error.code
    return 'none'
  } catch (error) {
    return (error as NoisemillError).code
  }
}

const RATE = 16_000
const [, pcm16, , , float32] = formats
const speech = sharedFolder()
const noise = sharedFolder()

/** A file with white noise of its own. */
function noiseFile(frames: number, channels = 1, sampleRate = RATE): Buffer {
  const random = new Random(frames)
  const data = Buffer.alloc(2 * frames * channels)
  for (let at = 0; at < data.length; at += 2) data.writeInt16LE(random.below(20_000) - 10_000, at)
  return wav({ sampleRate, channels, data })
}

const signal = (format: (typeof formats)[number], frames: number, channels: number) =>
  wav({ ...format, channels, sampleRate: RATE, data: sine(format, frames, channels) })

beforeAll(() => {
  writeFiles(speech, {
    'a.wav': signal(pcm16, 9000, 1),
    'b.wav': signal(float32, 20_000, 2),
    'c/c.wav': signal(pcm16, 50, 3),
    // Several parts, for several threads.
    'long.wav': signal(float32, 550_000, 2),
  })
  writeFiles(noise, {
    'street/1.wav': noiseFile(500),
    'street/2.wav': noiseFile(30_000, 2),
    'street/3.wav': noiseFile(12_345, 3),
    'street/4.wav': noiseFile(2),
    'rooms/1.wav': noiseFile(170_000),
    'rooms/far/5.wav': noiseFile(7000, 4),
    'phone.wav': noiseFile(8000, 1, 8000),
  })
})

const recorded = (more: object = {}) => ({ noise: { from: noise, ...more }, snr: 5, clip: false })

describe('recordings have the same bytes on all backends', () => {
  test.each<[string, Options]>([
    ['a piece', recorded()],
    ['heard once', recorded({ fit: 'once', downmix: 'mean' })],
    ['folder by folder', recorded({ balance: 'folder' })],
    ['a babble', recorded({ voices: [2, 4] })],
    ['events', recorded({ gap: [0.05, 0.3] })],
    [
      'layers',
      {
        layers: [
          { name: 'street', noise: { from: path.join(noise, 'street') }, snr: [0, 10] },
          { name: 'rooms', noise: { from: path.join(noise, 'rooms'), fit: 'once' }, dbfs: -40, chance: 0.5 },
          { name: 'hum', kind: 'brown', snr: 20 },
        ],
      },
    ],
  ])('%s', async (_, options) => {
    const outputs = []
    for (const backend of present) {
      for (const size of backend === 'inline' ? [1] : [1, 3]) {
        const out = temporaryFolder()
        const results = await add(speech, { ...options, backend, size }, out)
        expect(results).toHaveLength(4)
        outputs.push({ hashes: hashesBelow(out), layers: results.map(({ layers }) => layers) })
      }
    }
    for (const output of outputs) {
      // The journal has the times of the outputs.
      for (const name of Object.keys(output.hashes)) if (!name.endsWith('.wav')) delete output.hashes[name]
      expect(output).toEqual(outputs[0])
    }
  })
})

describeBackends('recordings', (backend) => {
  test('of a level in full scale have it on a silent file too, without a warning', async () => {
    const folder = temporaryFolder()
    writeFiles(folder, { 'silent.wav': wav({ ...float32, sampleRate: RATE, data: new Uint8Array(4 * 10_000) }) })
    const [{ warnings, noiseRms }] = await add(folder, {
      ...{ noise: { from: path.join(noise, 'street') }, dbfs: -30, backend },
    })
    expect(warnings).toEqual([])
    expect(20 * Math.log10(noiseRms!)).toBeCloseTo(-30, 4)
  })

  test('that are left out change nothing', async () => {
    const folder = temporaryFolder()
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`${n}.wav`, noiseFile(3000 + n)]))
    writeFiles(folder, { ...many, '5b.wav': Buffer.from('this is no audio') })
    const leftOut: string[] = []
    const options: Options = {
      ...{ noise: { from: folder }, snr: 5, copies: 3, backend },
      onNoiseLeftOut: (file, { code }) => leftOut.push(`${path.basename(file)} ${code}`),
    }
    const pieces = async () => (await add(path.join(speech, 'a.wav'), options)).map(({ layers }) => layers)
    const before = await pieces()
    expect(leftOut).toEqual(['5b.wav E_WAV_NOT_RIFF'])
    rmSync(path.join(folder, '5b.wav'))
    expect(await pieces()).toEqual(before)
    writeFiles(folder, { 'x.wav': Buffer.from('no audio'), 'y.wav': Buffer.from('no audio') })
    expect(await codeOf(speech, { ...options, out: temporaryFolder() })).toBe('E_NOISE_BANK')
  })

  test('of other files cannot resume a run', async () => {
    const folder = temporaryFolder()
    const out = temporaryFolder()
    writeFiles(folder, { '1.wav': noiseFile(4000), '2.wav': noiseFile(5000) })
    const options = { noise: { from: folder }, snr: 5, out, backend } as const
    expect(await codeOf(speech, options)).toBe('none')
    rmSync(path.join(out, 'a.wav'))
    writeFiles(folder, { '3.wav': noiseFile(6000) })
    const refused = add(speech, { ...options, seed: 0, resume: true } as Options, out)
    await expect(refused).rejects.toThrow(/noiseFiles was \["2 with hash \w+"\] and is \["3 with hash \w+"\]/)
    rmSync(path.join(folder, '3.wav'))
    const fit = { noise: { ...options.noise, fit: 'once' }, resume: true } as const
    expect(await codeOf(speech, { ...options, ...fit })).toBe('E_RESUME_SETTINGS')
    // The same files in another folder do.
    const moved = temporaryFolder()
    cpSync(folder, moved, { recursive: true })
    const results = await add(speech, { ...options, noise: { from: moved }, seed: 0, resume: true } as Options, out)
    expect(results.map(({ status }) => status)).toEqual(['done', 'skipped', 'skipped', 'skipped'])
  })

  test('in memory are those of files', async () => {
    const file = path.join(speech, 'b.wav')
    const out = temporaryFolder()
    const options = { ...recorded({ voices: 2 }), seed: 'x' } as const
    const [result] = await add(file, { ...options, backend }, out)
    const expected = readFileSync(path.join(out, 'b.wav'))
    const bytes = readFileSync(file)
    const samples = new Float32Array(new Uint8Array(bytes.subarray(HEADER_BYTES)).buffer)
    let figures: SampleFigures | undefined
    const noisy = await addNoise(samples, {
      ...{ ...options, key: 'b.wav', channels: 2, sampleRate: RATE },
      onFigures: (all) => {
        figures = all
      },
    })
    expect(Buffer.from(noisy.buffer).equals(expected.subarray(HEADER_BYTES))).toBe(true)
    expect(figures!.layers).toEqual(result.layers)
    expect(Buffer.from(await addNoiseToWav(bytes, { ...options, key: 'b.wav' })).equals(expected)).toBe(true)
  })
})

describe('the pieces of recordings', () => {
  const piecesOf = async (options: Options) =>
    (await add(path.join(speech, 'a.wav'), { ...recorded(), ...options })).map(({ layers }) => layers[0].pieces)

  test('depend on seed and copy', async () => {
    const first = await piecesOf({ copies: 20 })
    expect(await piecesOf({ copies: 20 })).toEqual(first)
    expect(new Set(first.map((pieces) => JSON.stringify(pieces))).size).toBeGreaterThan(10)
    expect(await piecesOf({ copies: 20, seed: 2 })).not.toEqual(first)
  })

  test('are of files of the sample rate, and the others are a warning', async () => {
    const results = await add(path.join(speech, 'a.wav'), { ...recorded(), copies: 100 })
    const files = new Set(results.flatMap(({ layers }) => layers[0].pieces.map(({ file }) => file)))
    expect([...files].sort()).toEqual([
      ...['rooms/1.wav', 'rooms/far/5.wav', 'street/1.wav', 'street/2.wav', 'street/3.wav', 'street/4.wav'],
    ])
    for (const { warnings } of results) expect(warnings).toContain('W_NOISE_RATE')
  })

  test('do not depend on where the files lie', async () => {
    const [here, there] = await Promise.all(
      ['here', 'far/there'].map((name) => {
        const from = path.join(temporaryFolder(), name)
        writeFiles(from, { 'a/1.wav': noiseFile(500), 'b/1.wav': noiseFile(20_000) })
        return piecesOf({ noise: { from }, copies: 5 })
      }),
    )
    expect(here).toEqual(there)
  })
})

test('noise files in the output folder are refused, and the output folder among noise files', async () => {
  const out = temporaryFolder()
  writeFiles(out, { 'noise/1.wav': noiseFile(4000) })
  const run = (from: string, to: string) => codeOf(speech, { noise: { from }, snr: 5, out: to })
  expect(await run(path.join(out, 'noise'), out)).toBe('E_OPTION_INVALID')
  expect(await run(path.join(out, 'noise'), path.join(out, 'noise/noisy'))).toBe('E_OPTION_INVALID')
  expect(await run(path.join(out, 'noise'), path.join(out, 'noisy'))).toBe('none')
})

test.each<[string, (folder: string) => string]>([
  ['in a list', (folder) => path.join(folder, 'list.txt')],
  ['that a glob finds', (folder) => path.join(folder, '*', 'n.wav')],
  ['behind a link to a folder', (folder) => path.join(folder, 'folder')],
  ['behind a link to a file', (folder) => path.join(folder, 'file')],
])('noise files %s are not replaced by outputs', async (_, sourceIn) => {
  const folder = temporaryFolder()
  const out = path.join(folder, 'out')
  writeFiles(folder, {
    'out/n.wav': noiseFile(9000),
    'in/n.wav': noiseFile(100),
    'list.txt': Buffer.from(`${out}/n.wav\n`),
  })
  for (const name of ['folder', 'file']) mkdirSync(path.join(folder, name))
  if (!isWindows) {
    symlinkSync(out, path.join(folder, 'folder', 'link'))
    symlinkSync(path.join(out, 'n.wav'), path.join(folder, 'file', 'link.wav'))
  }
  const before = readFileSync(path.join(out, 'n.wav'))
  const options = { noise: { from: sourceIn(folder) }, snr: 5, overwrite: true, out }
  expect(await codeOf(path.join(folder, 'in'), options)).toBe('E_OPTION_INVALID')
  await using pool = new Pool()
  await expect(pool.map(noiseTask(options), [path.join(folder, 'in/n.wav')])).rejects.toMatchObject({
    code: 'E_OPTION_INVALID',
  })
  expect(readFileSync(path.join(out, 'n.wav')).equals(before)).toBe(true)
})

test('a file that ends before the first event has no noise, and its result says so', async () => {
  const [result] = await add(path.join(speech, 'a.wav'), recorded({ gap: 100 }))
  expect(result).toMatchObject({ sigma: 0, snr: null, layers: [{ sigma: 0, snr: null }] })
  expect(result.warnings).toContain('W_NO_EVENTS')
})

test('a single layer that is generated has its level and SNR in the result, too', async () => {
  const [result] = await add(path.join(speech, 'a.wav'), { layers: [{ name: 'hiss', kind: 'pink', snr: 12 }] })
  expect(result.layers).toMatchObject([{ name: 'hiss', sigma: result.sigma, pieces: [] }])
  // Pink noise has the power 1 on average, and its factor makes the SNR exact.
  expect(result.layers[0].snr).toBeCloseTo(12, 0)
  expect(result.sigma).toBeGreaterThan(0)
})

posixTest('noise files in folders whose names are not UTF-8 are used, and not replaced', async () => {
  const folder = temporaryFolder()
  const odd = Buffer.concat([Buffer.from(`${folder}/n`), Buffer.of(0xff)])
  mkdirSync(odd)
  writeFileSync(Buffer.concat([odd, Buffer.from('/1.wav')]), noiseFile(9000))
  const options = { noise: { from: folder }, snr: 5 }
  const [{ layers }] = await add(path.join(speech, 'a.wav'), options)
  expect(layers[0].pieces[0].file).toBe('n\\xff/1.wav')
})

test('layers that float32 cannot hold are an error, on float64 too', async () => {
  const quiet = Float64Array.from({ length: 1000 }, (_, i) => 1e-60 * Math.sin(i))
  const layers = [{ snr: 10 }, { snr: 10 }]
  await expect(addNoise(quiet, { layers })).rejects.toMatchObject({ code: 'E_SIGNAL_POWER' })
  await expect(
    addNoise(
      quiet.map((x) => x * 1e120),
      { layers, clip: false },
    ),
  ).rejects.toMatchObject({
    code: 'E_SIGNAL_POWER',
  })
})

test('a run with long settings can be resumed, and refuses others', async () => {
  const out = temporaryFolder()
  const values = (first: number) => Array.from({ length: 1000 }, (_, i) => first + i / 1000)
  const layers = (first: number) => Array.from({ length: 8 }, () => ({ snr: { values: values(first) } }))
  await add(path.join(speech, 'a.wav'), { layers: layers(5) }, out)
  const [again] = await add(path.join(speech, 'a.wav'), { layers: layers(5), resume: true }, out)
  expect(again.status).toBe('skipped')
  const other = { layers: layers(6), resume: true, out, seed: 1 }
  expect(await codeOf(path.join(speech, 'a.wav'), other)).toBe('E_RESUME_SETTINGS')
})

describe('layers', () => {
  const FRAMES = 200_000
  const silence = new Float32Array(FRAMES)
  const make = (...layers: LayerSpec[]) =>
    addNoise(silence, { layers, seed: 1, clip: false, sampleRate: RATE, key: 'a' })
  const pink = (name: string): LayerSpec => ({ name, kind: 'pink', parameters: { low: 100 }, sigma: 0.1 })

  test('of one kind are independent, and each is as without the others', async () => {
    const [a, b, both, swapped] = await Promise.all([
      ...[make(pink('a')), make(pink('b')), make(pink('a'), pink('b')), make(pink('b'), pink('a'))],
    ])
    for (let i = 0; i < FRAMES; i++) if (both[i] !== Math.fround(a[i] + b[i])) throw new Error(`frame ${i}`)
    expect(swapped).toEqual(both)
    const product = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0)
    const correlation = product(a, b) / Math.sqrt(product(a, a) * product(b, b))
    // Neighbouring values of pink noise are alike, so this is less than that of independent values.
    expect(Math.abs(correlation)).toBeLessThan(5 * Math.sqrt(40 / FRAMES))
  })

  test('of gaussian noise have the values of their keys', async () => {
    const clean = Float32Array.from({ length: 5000 }, (_, i) => Math.fround(0.3 * Math.sin(i / 9)))
    const layers = [
      { name: 'é', sigma: 0.1 },
      { name: '2', sigma: 0.07 },
    ]
    const values = layers.map(({ name, sigma }) => {
      const digest = createHash('sha256').update(`noisemill\u00001\u0000seed\u0000x.wav\u00001\u0000${name}`).digest()
      const key = { low: digest.readUInt32LE(0), high: digest.readUInt32LE(4) }
      const shape = { channels: 1, sampleRate: 0, frames: clean.length }
      const out = fastest('gaussian', { key, parameters: new Float64Array(), ...shape }, 0, 0, clean.length)
      return out.map((value) => Math.fround(Math.fround(sigma) * value))
    })
    const options = { seed: 'seed', key: 'x.wav', clip: false } as const
    const both = await addNoise(clean, { ...options, layers: [layers[0], { sigma: 0.07 }] })
    expect(both).toEqual(clean.map((x, i) => Math.fround(x + Math.fround(values[0][i] + values[1][i]))))
    const one = await addNoise(clean, { ...options, layers: [layers[0]] })
    expect(one).toEqual(clean.map((x, i) => Math.fround(x + values[0][i])))
  })

  const KEYS = 2000
  /** Returns the names of the layers of many outputs, joined. */
  async function namesOf(options: Pick<AddNoiseOptions, 'layers' | 'pick'>): Promise<string[]> {
    const names: string[] = []
    for (let i = 0; i < KEYS; i++) {
      const onFigures = ({ layers }: SampleFigures) => names.push(layers.map(({ name }) => name).join(' '))
      await addNoise(new Float32Array(2), { ...options, key: `${i}.wav`, onFigures })
    }
    return names
  }
  const share = (names: readonly string[], test: (name: string) => boolean) => names.filter(test).length / KEYS
  /** Five standard errors of a share. */
  const allowed = (chance: number) => 5 * Math.sqrt((chance * (1 - chance)) / KEYS)

  test('with a chance are in as many outputs, each by itself', async () => {
    const names = await namesOf({
      layers: [
        { name: 'a', sigma: 0.1, chance: 0.3 },
        { name: 'b', sigma: 0.1, chance: 0.6 },
        { name: 'always', sigma: 0.1 },
        { name: 'never', sigma: 0.1, chance: 0 },
      ],
    })
    for (const [name, chance] of [
      ['a ', 0.3],
      ['b ', 0.6],
      ['a b ', 0.18],
      ['always', 1],
      ['never', 0],
    ] as const)
      expect(Math.abs(share(names, (all) => all.includes(name)) - chance), name).toBeLessThanOrEqual(allowed(chance))
  })

  test('of which one is picked are picked evenly', async () => {
    const all = ['a', 'b', 'c', 'd']
    const names = await namesOf({ pick: 'one', layers: all.map((name) => ({ name, sigma: 0.1 })) })
    const expected = KEYS / all.length
    const chiSquare = all.reduce(
      (sum, name) => sum + (share(names, (one) => one === name) * KEYS - expected) ** 2 / expected,
      0,
    )
    // Three degrees of freedom; a larger value comes once in a million times.
    expect(chiSquare).toBeLessThan(30.7)
    expect(names.every((name) => all.includes(name))).toBe(true)
  })

  test('without any, the samples stay', async () => {
    const clean = Float32Array.of(0.5, -0.25)
    expect(await addNoise(clean, { layers: [{ sigma: 1, chance: 0 }] })).toEqual(clean)
  })
})
