/** Long files that worker threads share: what happens to one thread while another works on the same file. */

import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setEnvironmentData } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Outcome } from '../../dist-lib/backends/backend.js'
import { Cancellation } from '../../dist-lib/backends/cancellation.js'
import { workersBackend } from '../../dist-lib/backends/workers.js'
import type { EtlJob, EtlOutcome } from '../../dist-lib/core/etl.js'
import { amplitudeOf } from '../../dist-lib/plan/levels.js'
import { filesBelow, isTemporary, temporaryFolder } from '../support/folders.js'
import { type JobSettings, jobFor, runTypeScript, threadPool } from '../support/jobs.js'
import { bySize } from '../support/size.js'
import { posixTest } from '../support/systems.js'
import { until } from '../support/waiting.js'
import { formats, wav } from '../support/wav.js'

const MIB = 2 ** 20
const sigma: JobSettings = { level: 0.1 }
const snr: JobSettings = { levelKind: 'snr', level: amplitudeOf(-10) }

/** Indexes of the cells that tests share with sharing-thread.mjs; each thread counts in the cell of its role. */
const [OWNER, REACHED, CALLS, READS, GATE, IS_OVER] = [0, 1, 2, 4, 6, 7]
const roles = ['owner', 'helper'] as const

/** What happens, at which call of which thread. */
interface Plan {
  readonly who: (typeof roles)[number]
  /** Such as 'writeSync output', or any call. */
  readonly call: string
  readonly nth: number
  /** Code of an error that is thrown, or an action of sharing-thread.mjs. */
  readonly action: string
}

const data = new Uint8Array(
  Float32Array.from({ length: (18 * MIB) / 4 }, (_, i) => Math.imul(i, 0x9e3779b1) / 2 ** 31).buffer,
)
/** Three parts. */
const short = wav({ ...formats[4], data: data.subarray(0, 9 * MIB) })
/** Five parts, and too long to be held in memory between measuring and writing. */
const long = wav({ ...formats[4], data })

interface Setting {
  readonly plan: Plan
  readonly settings?: JobSettings
  readonly size?: number
  readonly input?: Uint8Array
}

/** Makes a pool whose threads follow a plan, and a folder with the file that they share. */
function place({ plan, settings = sigma, size = 2, input = short }: Setting) {
  const folder = temporaryFolder()
  writeFileSync(path.join(folder, 'long.wav'), input)
  const cells = new Int32Array(new SharedArrayBuffer(4 * 8))
  setEnvironmentData('noisemill.sharing', { ...plan, cells })
  const threads = threadPool(size, { entry: new URL('../support/tasks/sharing-thread.mjs', import.meta.url) })
  const backend = workersBackend(threads)
  onTestFinished(() => backend.close())
  const cancellation = new Cancellation()
  const execute = async (jobs: readonly EtlJob[]): Promise<Outcome<EtlOutcome>[]> => {
    const outcomes: Outcome<EtlOutcome>[] = []
    const settle = (index: number, outcome: Outcome<EtlOutcome>) => {
      outcomes[index] = outcome
    }
    await backend.execute({ kind: 'files', jobs, cancellation, settle })
    return outcomes
  }
  const job = jobFor(folder, 'long', 'workers', settings)
  /** Other threads start with a file that is missing, and have nothing else to do. */
  const run = async (): Promise<Outcome<EtlOutcome>> => {
    const others = Array.from({ length: size - 1 }, (_, i) => execute([jobFor(folder, `missing${i}`, 'x', sigma)]))
    const [[outcome]] = await Promise.all([execute([job]), ...others])
    return outcome
  }
  const calls = (of: number) => roles.map((_, i) => Atomics.load(cells, of + i))
  const openGate = () => {
    Atomics.store(cells, GATE, 1)
    Atomics.notify(cells, GATE)
  }
  return { openGate, folder, input, settings, job, run, execute, cells, cancellation, calls }
}

/** The outcome without what differs between two runs on copies of a file. */
const settledOf = (outcome: Outcome<EtlOutcome>) => {
  if ('error' in outcome || 'failure' in outcome.value) return outcome
  return { figures: { ...outcome.value.figures, seconds: null, modified: null } }
}

const known = new Map<string, Promise<{ settled: object; output: Buffer | undefined }>>()

/** What one thread makes of a file. */
function alone(input: Uint8Array, settings: JobSettings) {
  const key = JSON.stringify([input.length, settings])
  const run = async () => {
    const folder = temporaryFolder()
    const job = jobFor(folder, 'long', 'alone', settings)
    writeFileSync(job.input as string, input)
    const [value] = await runTypeScript([job])
    return { settled: settledOf({ value }), output: job.dryRun ? undefined : readFileSync(job.output as string) }
  }
  if (!known.has(key)) known.set(key, run())
  return known.get(key)!
}

/** Checks that an outcome and an output are those of one thread. */
async function expectWhole(
  { folder, job, input, settings }: Omit<ReturnType<typeof place>, 'run'>,
  outcome: Outcome<EtlOutcome>,
) {
  const { settled, output } = await alone(input, settings)
  expect(settledOf(outcome)).toEqual(settled)
  if (output !== undefined) expect(readFileSync(job.output as string).equals(output), 'the same bytes').toBe(true)
  expect(filesBelow(folder).filter(isTemporary)).toEqual([])
}

describe('a thread that has nothing to do', () => {
  test.each([
    ['writes parts', sigma, short, 'writeSync output'],
    ['measures parts', snr, long, 'readSync input'],
    ['measures parts of a file that is held in memory', snr, short, 'readSync input'],
    ['measures parts only', { ...snr, dryRun: true }, long, 'readSync input'],
  ] as const)('%s of a long file', async (_, settings, input, call) => {
    // In the second pass as well: 16 reads are a part.
    for (const nth of [2, 20]) {
      const shared = place({ plan: { who: 'helper', call, nth, action: 'nothing' }, settings, input })
      await expectWhole(shared, await shared.run())
      expect(shared.calls(CALLS)[1]).toBeGreaterThan(nth)
    }
  })

  test('helps together with others', async () => {
    const plan: Plan = { who: 'helper', call: 'readSync input', nth: 3, action: 'nothing' }
    const shared = place({ plan, settings: snr, input: long, size: 4 })
    await expectWhole(shared, await shared.run())
  })

  posixTest('helps with a file that is not writable (needs permissions)', async () => {
    const shared = place({ plan: { who: 'helper', call: 'writeSync output', nth: 1, action: 'nothing' } })
    chmodSync(shared.job.input as string, 0o444)
    await expectWhole(shared, await shared.run())
    expect(statSync(shared.job.output as string).mode & 0o777).toBe(0o444)
  })
})

describe('if the owner is far behind, the helper waits, so that memory does not grow', () => {
  /** The owner has the first of 70 parts and waits in it. There is room for the sums of 64. */
  async function farBehind(action: string) {
    const bytes = Buffer.alloc(70 * 4 * MIB)
    for (let at = 0; at < bytes.length; at += 1_000_003 * 4) bytes.writeFloatLE(at / 2 ** 30, at)
    const settings = { ...snr, dryRun: true }
    const input = wav({ ...formats[4], data: bytes })
    const shared = place({ plan: { who: 'owner', call: 'readSync input', nth: 3, action }, settings, input })
    Atomics.store(shared.cells, REACHED, 1)
    const running = shared.run()
    // 63 parts of 16 reads, and the header.
    await until(() => shared.calls(READS)[1] === 63 * 16 + 1)
    return { ...shared, running }
  }

  test('and goes on with it', async () => {
    const shared = await farBehind('wait')
    shared.openGate()
    await expectWhole(shared, await shared.running)
    expect(shared.calls(READS)[1]).toBeGreaterThan(63 * 16 + 1)
  })

  test('and is free when the owner dies', async () => {
    const shared = await farBehind('waitAndDie')
    const [, before] = shared.calls(CALLS)
    shared.openGate()
    expect(await shared.running).toMatchObject({ error: { code: 'E_WORKER_DIED' } })
    // It closes the input.
    await until(() => shared.calls(CALLS)[1] === before + 1)
    const jobs = ['missing0', 'missing1'].map((name) => jobFor(shared.folder, name, 'x', sigma))
    const outcomes = await Promise.all(jobs.map((job) => shared.execute([job])))
    for (const [outcome] of outcomes) expect(outcome).toMatchObject({ value: { failure: { code: 'E_INPUT_MISSING' } } })
  })

  test('and is free when it has work of its own', async () => {
    const shared = await farBehind('wait')
    const [outcome] = await shared.execute([jobFor(shared.folder, 'missing', 'x', sigma)])
    expect(outcome).toMatchObject({ value: { failure: { code: 'E_INPUT_MISSING' } } })
    shared.openGate()
    await expectWhole(shared, await shared.running)
  })
})

describe('a helper', () => {
  // open, fstat, read, open, fstat; then a read and a write, time and again.
  const all = Array.from({ length: 12 }, (_, i) => i + 1)
  test.each(bySize([1, 4, 6, 7, 8, 12], all))('that dies at its call %d is replaced by the owner', async (nth) => {
    const shared = place({ plan: { who: 'helper', call: 'any', nth, action: 'die' } })
    await expectWhole(shared, await shared.run())
    expect(shared.calls(CALLS)[1]).toBe(nth)
  })

  test('that dies in the measuring pass is replaced too', async () => {
    const plan: Plan = { who: 'helper', call: 'readSync input', nth: 9, action: 'die' }
    const shared = place({ plan, settings: snr, input: long, size: 3 })
    await expectWhole(shared, await shared.run())
  })

  test('that dies as it closes the output has done its parts', async () => {
    const shared = place({ plan: { who: 'helper', call: 'closeSync output', nth: 1, action: 'die' } })
    await expectWhole(shared, await shared.run())
  })

  test.each([
    ['openSync input', 1, 'EMFILE'],
    ['fstatSync input', 1, 'EIO'],
    ['readSync input', 1, 'EIO'],
    ['openSync output', 1, 'EMFILE'],
    ['fstatSync output', 1, 'EIO'],
    ['readSync input', 5, 'EIO'],
    ['writeSync output', 1, 'ENOSPC'],
    ['writeSync output', 20, 'EIO'],
    ['openSync input', 1, 'replace'],
  ])('that fails at %s, number %d, with %s does not fail the file', async (call, nth, action) => {
    const shared = place({ plan: { who: 'helper', call, nth, action } })
    // What is put in the place of the input: as long, with other samples.
    const other = wav({ ...formats[4], data: data.subarray(9 * MIB) })
    writeFileSync(path.join(shared.folder, 'other.wav'), other)
    await expectWhole(shared, await shared.run())
    expect(shared.calls(CALLS)[1]).toBeGreaterThan(0)
  })

  test.each([
    ['EIO', 'E_OUTPUT_WRITE'],
    ['ENOSPC', 'E_VOLUME_FULL'],
    ['EDQUOT', 'E_VOLUME_FULL'],
  ])('that learns when it closes the output that bytes are lost fails the file: %s', async (errno, code) => {
    const shared = place({ plan: { who: 'helper', call: 'closeSync output', nth: 1, action: errno } })
    expect(await shared.run()).toMatchObject({ value: { failure: { code, errno } } })
    expect(filesBelow(shared.folder)).toEqual(['long.wav'])
  })
})

describe('the owner', () => {
  test.each([5, 7, 10, 30])('that dies at its call %d fails the file, and its helpers stop', async (nth) => {
    const shared = place({ plan: { who: 'owner', call: 'any', nth, action: 'die' } })
    // It does not wait for a helper.
    Atomics.store(shared.cells, REACHED, 1)
    expect(await shared.run()).toMatchObject({ error: { code: 'E_WORKER_DIED' } })
    expect(filesBelow(shared.folder)).toEqual(['long.wav'])
    // Again, on the threads that are left.
    Atomics.store(shared.cells, OWNER, 0)
    Atomics.store(shared.cells, IS_OVER, 1)
    const [outcome] = await shared.execute([shared.job])
    await expectWhole(shared, outcome)
  })

  test.each([
    ['readSync input', 'EIO', 'E_INPUT_READ'],
    ['writeSync output', 'ENOSPC', 'E_VOLUME_FULL'],
  ])('that fails at %s fails the file, and its helpers stop', async (call, errno, code) => {
    const shared = place({ plan: { who: 'owner', call, nth: 4, action: errno } })
    Atomics.store(shared.cells, REACHED, 1)
    expect(await shared.run()).toMatchObject({ value: { failure: { code, errno } } })
    expect(filesBelow(shared.folder)).toEqual(['long.wav'])
  })
})

test.each([1, 2, 3])('a cancelled file stops on all of its %d threads', async (size) => {
  const who = size === 1 ? 'owner' : 'helper'
  const shared = place({ plan: { who, call: 'writeSync output', nth: 2, action: 'wait' }, size, input: long })
  if (size === 1) Atomics.store(shared.cells, REACHED, 1)
  const running = shared.run()
  await until(() => Atomics.load(shared.cells, REACHED) === 1 && shared.calls(CALLS).some((count) => count > 6))
  shared.cancellation.cancel()
  shared.openGate()
  expect(await running).toMatchObject({ value: { failure: { code: 'E_CANCELLED' } } })
  expect(filesBelow(shared.folder)).toEqual(['long.wav'])
})
