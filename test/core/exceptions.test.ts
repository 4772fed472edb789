/** Exceptions that core does not expect cost the file, never the thread or the process: in C++, in TypeScript, on every backend. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Backend, Outcome } from '../../dist-lib/backends/backend.js'
import { Cancellation } from '../../dist-lib/backends/cancellation.js'
import { inlineBackend } from '../../dist-lib/backends/inline.js'
import { workersBackend } from '../../dist-lib/backends/workers.js'
import type { EtlOutcome } from '../../dist-lib/core/etl.js'
import { caughtFailure, type FailureData } from '../../dist-lib/core/failure.js'
import { tsKernels } from '../../dist-lib/core/kernels.js'
import type { Noise } from '../../dist-lib/core/noise/noise.js'
import type { SettledSlice, SliceJob } from '../../dist-lib/core/slice.js'
import { checkNoiseOptions, drawNoise } from '../../dist-lib/plan/options.js'
import { resultOf } from '../../dist-lib/plan/results.js'
import { filesBelow, root, sharedFolder, temporaryFolder } from '../support/folders.js'
import { jobFor, threadPool, writingPass } from '../support/jobs.js'
import { isWindows } from '../support/systems.js'
import { formats, sine, wav } from '../support/wav.js'

const built = path.join(root, 'build/Release')
const [compiler, ...compilerFlags] = (process.env.CXX ?? 'c++').split(' ')

/** The archives that the addon is linked of. */
const archives = existsSync(built) ? readdirSync(built).filter((name) => name.endsWith('.a')) : []
const canCompile =
  !isWindows && archives.length > 0 && spawnSync(compiler, [...compilerFlags, '--version']).status === 0

/** A WAV of three parts. */
const ofParts = wav({ ...formats[4], data: sine(formats[4], 2_200_000) })

describe.skipIf(!canCompile)('native core (needs the addon of npm run build, and its compiler; not on Windows)', () => {
  const folder = sharedFolder()
  const program = path.join(folder, 'program')

  beforeAll(() => {
    const flags = ['-std=c++17', '-O1', '-pthread', '-Inative', '-Inative/core', '-o', program]
    // An archive comes after what needs it.
    const linked = ['noisemill_core', 'kernels_'].flatMap((start) => archives.filter((name) => name.startsWith(start)))
    const sources = ['test/core/exceptions.cc', 'native/crew.cc', ...linked.map((name) => path.join(built, name))]
    execFileSync(compiler, [...compilerFlags, ...flags, ...sources], { cwd: root })
    writeFileSync(path.join(folder, 'in.wav'), ofParts)
  })

  function run(what: string): string[][] {
    const { status, stdout, stderr } = spawnSync(program, [what, folder], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'))
  }

  test('exceptions of any type fail a slice and a file, with what they say', () => {
    const ofSystem = expect.stringMatching(/^planted: ./)
    const ofNumber = 'something that is no std::exception was thrown'
    expect(run('thrown')).toEqual(
      [
        ['length_error', 'planted'],
        ['system_error', ofSystem],
        ['int', ofNumber],
      ].flatMap(([kind, detail]) => ['slice', 'crew'].map((who) => [kind, who, 'E_INTERNAL', detail])),
    )
  })

  test('no allocation of a thread can fail otherwise than with E_NO_MEMORY, with all files in order', () => {
    const [[allocations, failed, broken]] = run('memory').map((line) => line.map(Number))
    expect(broken).toBe(0)
    expect(allocations).toBeGreaterThan(10)
    expect(failed).toBe(allocations)
  })
})

const backendsOf: Readonly<Record<string, () => Backend>> = {
  inline: () => inlineBackend(tsKernels),
  workers: () => workersBackend(threadPool(1)),
}

/** A key that is not there is a TypeError within. */
const hostile = <Job extends { readonly noise: Noise }>(job: Job): Job => ({
  ...job,
  noise: { ...job.noise, layers: job.noise.layers.map((layer) => ({ ...layer, key: undefined as never })) },
})

/** Keeps the values of outcomes, of which each must have one. */
function keeping<Value>(values: Value[]) {
  return (index: number, outcome: Outcome<Value>) => {
    if ('error' in outcome) throw outcome.error
    values[index] = outcome.value
  }
}

function expectInternal(failure: FailureData, where: string): void {
  expect({ ...failure, cause: undefined }).toEqual({ code: 'E_INTERNAL', detail: '', errno: '', cause: undefined })
  expect(failure.cause).toBeInstanceOf(TypeError)
  expect(failure.cause?.stack).toContain(where)
}

describe.each(Object.entries(backendsOf))('TypeScript on the backend %s', (_name, open) => {
  function testBackend(): Backend {
    const backend = open()
    onTestFinished(() => backend.close())
    return backend
  }

  test('a TypeError within costs the file, with its stack; the next one is done', async () => {
    const folder = temporaryFolder()
    for (const name of ['a', 'b']) writeFileSync(path.join(folder, `${name}.wav`), ofParts)
    const [a, b] = ['a', 'b'].map((name) => jobFor(folder, name, 'out', { level: 0.1 }))
    const values: EtlOutcome[] = []
    const cancellation = new Cancellation()
    await testBackend().execute({ kind: 'files', jobs: [hostile(a), b], cancellation, settle: keeping(values) })
    const [first, second] = values
    if (!('failure' in first)) throw new Error('it is done')
    expectInternal(first.failure, 'seed')
    expect(second).toHaveProperty('figures')
    expect(filesBelow(folder).sort()).toEqual(['a.wav', 'b.out.wav', 'b.wav'])
  })

  test('and the slice', async () => {
    const values: SettledSlice[] = []
    const cancellation = new Cancellation()
    const jobs = [hostile(slice()), slice()]
    await testBackend().execute({ kind: 'slices', jobs, cancellation, settle: keeping(values) })
    const [first, second] = values
    if (!('failure' in first.outcome)) throw new Error('it is done')
    expectInternal(first.outcome.failure, 'seed')
    expect(second.outcome).toHaveProperty('tally')
  })
})

function slice(): SliceJob {
  const layout = { format: 'pcm16', channels: 1, sampleRate: 0, bigEndian: false, validBits: 16, frames: 4 } as const
  const { noise } = jobFor('', 'a', 'out', { level: 0.1 })
  return { bytes: new Uint8Array(8), ...layout, firstFrame: 0, noise, ...writingPass(0.1) }
}

test('a caller sees E_INTERNAL, what to do, and the cause', () => {
  const settings = checkNoiseOptions({ sigma: 0.1 })
  const plan = {
    input: 'a.wav',
    output: 'out/a.wav',
    key: 'a.wav',
    copy: 1,
    ...drawNoise(settings.noise, 'a.wav', 1),
    settings,
  }
  const failure = caughtFailure(new TypeError('x is not a function'))
  const { error } = resultOf(plan, { failure })
  expect(error?.message).toBe('a.wav: an error inside noisemill: x is not a function. Report it, with this message.')
  expect(error).toMatchObject({ code: 'E_INTERNAL', cause: failure.cause })
})

test.skipIf(process.env.NOISEMILL_SANITIZER)(
  'memory that V8 does not have is E_NO_MEMORY (no sanitizer lets it ask)',
  () => {
    const allocate = () => new ArrayBuffer(Number.MAX_SAFE_INTEGER)
    expect(allocate).toThrow(RangeError)
    try {
      allocate()
    } catch (error) {
      expect(caughtFailure(error)).toEqual({ code: 'E_NO_MEMORY', detail: '', errno: '' })
    }
    expect(caughtFailure(new RangeError('Invalid array length'))).toMatchObject({ code: 'E_INTERNAL' })
  },
)
