import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { missingCommand, missingPython, nodeProgram } from '../../bench/harness/commands.js'
import { missingCompiler } from '../../bench/harness/compile.js'
import { bytesLimit, callsLimit, copyLimit, prepareLimits } from '../../bench/harness/limits.js'
import { outputsIn } from '../../bench/harness/outputs.js'
import { ROOT } from '../../bench/harness/paths.js'
import { Scratch } from '../../bench/harness/scratch.js'
import { music, speech, writeSounds } from '../../bench/harness/sounds.js'
import { wayContender } from '../../bench/harness/ways.js'
import type { Command, Contender, Missing, Place, Reported } from '../../bench/harness/workload.js'
import { jsThread } from '../../bench/workloads/js-thread.js'
import { kernels } from '../../bench/workloads/kernels.js'
import { sharedFolder } from '../support/folders.js'

/** Files of a batch of `js-thread`, which its check expects. */
const FILES = 8

const parent = path.join(sharedFolder(), "folder with 'quotes' and spaces")
let place: Place

beforeAll(async () => {
  mkdirSync(parent)
  const scratch = new Scratch(0, parent)
  place = { scratch, size: 'short', inputs: scratch.inputs, out: scratch.out, build: ROOT }
  writeSounds(path.join(place.inputs, 'sounds'), FILES, music(0.05))
  writeSounds(path.join(place.inputs, 'tree/below'), 3, speech(0.01))
  await prepareLimits(place)
})

afterAll(() => place.scratch[Symbol.dispose]())

beforeEach(() => {
  rmSync(place.out, { recursive: true, force: true })
  mkdirSync(place.out)
})

/** Runs a command to its end, and returns its stdout. */
function run({ file, args, env }: Command): string {
  const ended = spawnSync(file, args, { cwd: place.out, env: { ...process.env, ...env }, encoding: 'utf8' })
  expect(ended.stderr).toBe('')
  expect(ended.status).toBe(0)
  return ended.stdout
}

const reported = (stdout: string): Reported => JSON.parse(stdout.trimEnd().split('\n').at(-1)!)

const withLacks = async (contenders: readonly Contender[]) =>
  Promise.all(contenders.map(async (contender) => ({ contender, lack: await contender.missing?.() })))

const titleOf = ({ name }: Contender, lack: Missing | undefined) =>
  lack === undefined ? name : `${name}, needs ${lack.what}`

describe(`all ways write the same files`, async () => {
  const ways = ['native', 'workers', 'workers-ts', 'processes', 'inline'] as const
  const digests = new Map<string, string>()

  const contenders = ways.map((way) => wayContender(way, { input: ({ inputs }) => path.join(inputs, 'tree'), jobs: 2 }))
  for (const { contender, lack } of await withLacks(contenders))
    test.skipIf(lack !== undefined)(titleOf(contender, lack), () => {
      run(contender.command(place))
      digests.set(contender.name, outputsIn(place.out, 3))
      expect(readdirSync(path.join(place.out, 'below')).sort()).toEqual(['000.wav', '001.wav', '002.wav'])
      expect(new Set(digests.values()).size).toBe(1)
    })

  test('processes fail if a file is damaged', () => {
    const folder = path.join(place.inputs, 'damaged')
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'a.wav'), 'RIFF')
    const command = nodeProgram(place, 'noise-processes.js', folder, place.out, '2', '0.1')
    const ended = spawnSync(command.file, command.args, { env: { ...process.env, ...command.env }, encoding: 'utf8' })
    expect(ended.status).toBe(1)
    expect(ended.stderr).toContain('a.wav')
  })
})

const lackOfCompiler = await missingCompiler()

describe('limits', () => {
  const input = ({ inputs }: Place) => path.join(inputs, 'tree')
  const original = () => readFileSync(path.join(place.inputs, 'tree/below/001.wav'))
  const copy = () => readFileSync(path.join(place.out, 'below/001.wav'))

  test('cp copies folders', () => {
    run(copyLimit({ input }).command(place))
    expect(copy()).toEqual(original())
  })

  const compiler = test.skipIf(lackOfCompiler !== undefined)
  const unlessCompiler = lackOfCompiler === undefined ? '' : `, needs ${lackOfCompiler.what}`

  compiler(`threads that read and write copy folders${unlessCompiler}`, () => {
    run(bytesLimit(2, { input }).command(place))
    expect(readdirSync(place.out, { recursive: true })).toHaveLength(4)
    expect(copy()).toEqual(original())
  })

  compiler(`threads share the blocks of a file that is alone${unlessCompiler}`, () => {
    const alone = path.join(place.inputs, 'alone')
    writeSounds(alone, 1, music(10))
    run(bytesLimit(3, { input: () => alone }).command(place))
    expect(readFileSync(path.join(place.out, '000.wav'))).toEqual(readFileSync(path.join(alone, '000.wav')))
  })

  compiler(`threads that open and rename make as many files${unlessCompiler}`, () => {
    run(callsLimit(2, { input }).command(place))
    expect(readdirSync(place.out, { recursive: true })).toHaveLength(4)
    expect(copy()).toHaveLength(1)
  })
})

describe(`a server beside a batch`, async () => {
  const digests = new Set<string>()

  const contenders = jsThread.contenders('short').filter(({ isOnlyInFull }) => !isOnlyInFull)
  for (const { contender, lack } of await withLacks(contenders))
    test.skipIf(lack !== undefined)(titleOf(contender, lack), () => isMeasured(contender))

  async function isMeasured(contender: Contender): Promise<void> {
    const { value, figures } = reported(run(contender.command(place)))
    const { edges, counts, sent, served, p50, p99, max } = figures as Record<string, never>
    expect((counts as number[]).reduce((sum, count) => sum + count)).toBe(sent)
    expect(edges).toHaveLength((counts as number[]).length + 1)
    expect(served).toBeLessThanOrEqual(sent)
    expect(value).toBe(p99)
    expect(p50).toBeLessThanOrEqual(p99)
    expect(p99).toBeLessThanOrEqual(max)
    const digest = await jsThread.verify!(place, contender)
    if (contender.name === 'nothing') return
    expect(figures!.filesPerSecond).toBeGreaterThan(0)
    digests.add(digest)
    expect(digests.size).toBe(1)
  }

  test('an error of the batch ends the client too', () => {
    const command = nodeProgram(place, 'js-thread.js', 'loop', place.inputs, '/dev/null/nowhere', '0.1')
    const ended = spawnSync(command.file, command.args, { env: { ...process.env, ...command.env } })
    expect(ended.status).not.toBe(0)
  })
})

describe(`kernels report ns a sample`, async () => {
  for (const { contender, lack } of await withLacks(kernels.contenders('short'))) {
    test.skipIf(lack !== undefined)(titleOf(contender, lack), () => {
      expect(reported(run(contender.command(place))).value).toBeGreaterThan(0)
    })
  }
})

const lackOfNumPy = await missingPython('numpy')
test.skipIf(lackOfNumPy !== undefined)(
  `NumPy makes all kinds of noise${lackOfNumPy ? ', needs NumPy' : ''}`,
  async () => {
    const { kinds } = await import('../../bench/workloads/kinds.js')
    const ours = kinds.contenders('full').filter(({ kind }) => kind === 'python')
    const two = ours.filter(({ name }) => name.startsWith('uniform') || name.startsWith('pink'))
    for (const { command } of two) expect(reported(run(command(place))).value).toBeGreaterThan(0)
  },
)

const lackOfSox = await missingCommand('sox', 'apt-get install sox')
describe(`wavefile`, () => {
  test.skipIf(lackOfSox !== undefined)(`adds noise to IMA ADPCM${lackOfSox ? ', needs sox' : ''}`, () => {
    const clean = path.join(place.inputs, 'adpcm')
    mkdirSync(clean)
    const synth = ['-n', '-r', '16000', '-b', '16', '-e', 'ima-adpcm', path.join(clean, 'a.wav')]
    expect(spawnSync('sox', ['-R', ...synth, 'synth', '0.1', 'pinknoise']).status).toBe(0)
    run(nodeProgram(place, 'wavefile-adpcm.js', clean, place.out, '0.1'))
    expect(readFileSync(path.join(place.out, 'a.wav')).length).toBeGreaterThan(2 * 1600)
  })
})
