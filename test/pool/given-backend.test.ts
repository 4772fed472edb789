/** Pools on a backend object: which objects are refused, what `info` reports, and who closes them. */

import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  addNoise,
  addNoiseToFiles,
  type CloseOptions,
  createBackend,
  noiseTask,
  Pool,
  type PoolOptions,
} from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeWavs } from '../support/files.js'
import { hashesBelow, temporaryFolder } from '../support/folders.js'
import { giving, ScriptedBackend } from '../support/scripted-backend.js'
import { collect, numbers } from '../support/sources.js'
import { calls } from '../support/tasks.js'
import { turns } from '../support/waiting.js'

const whole = { name: 'own', threads: 1, execute: async () => ({ milliseconds: 0 }), close: async () => {} }

test.each([
  ['no name', { name: undefined }, 'backend'],
  ['an empty name', { name: '' }, 'backend'],
  ['no execute', { execute: undefined }, 'backend'],
  ['no close', { close: 'now' }, 'backend'],
  ['no threads', { threads: undefined }, 'backend.threads'],
  ['0 threads', { threads: 0 }, 'backend.threads'],
  ['1.5 threads', { threads: 1.5 }, 'backend.threads'],
  ['endless threads', { threads: Number.POSITIVE_INFINITY }, 'backend.threads'],
  ['chunks of no time', { chunkLimits: { milliseconds: 0, most: 1 } }, 'backend.chunkLimits.milliseconds'],
  ['chunks without a most', { chunkLimits: { milliseconds: 1 } }, 'backend.chunkLimits.most'],
])('a backend with %s is refused', (_, part, option) => {
  const refusal = expect.objectContaining({ code: 'E_OPTION_INVALID', option })
  expect(() => new Pool({ backend: { ...whole, ...part } as never })).toThrow(refusal)
})

test("a backend's chunks have the size that suits it", async () => {
  const scripted = new ScriptedBackend(giving((job) => job))
  const backend = Object.assign(scripted, { chunkLimits: { milliseconds: 1000, most: 3 } })
  await using pool = new Pool({ backend })
  expect(await pool.map(calls('same'), numbers(100))).toEqual(numbers(100))
  expect(Math.max(...scripted.chunks.map(({ jobs }) => jobs.length))).toBe(3)
})

test.each([[], 7, () => whole])('what is no backend is refused: %s', (backend) => {
  const refusal = expect.objectContaining({ code: 'E_OPTION_INVALID', option: 'backend' })
  expect(() => new Pool({ backend: backend as never })).toThrow(refusal)
})

test.each([{ size: 2 }, { kernel: 'ts' } as const])('a backend has its own %o', (option) => {
  const refusal = expect.objectContaining({ code: 'E_OPTION_INVALID', option: Object.keys(option)[0] })
  expect(() => new Pool({ backend: whole, ...option })).toThrow(refusal)
})

test('a pool says that its backend was given, and no more than it knows', async () => {
  await using pool = new Pool({ backend: { ...whole, threads: 5000 } })
  expect(pool.backend).toBe('own')
  expect(pool.info).toEqual({
    backend: 'own',
    reason: 'given',
    remedy: null,
    binary: null,
    size: 5000,
    kernel: null,
    instructionSet: null,
    threads: 5000,
    shortage: null,
    libuvThreads: 0,
    cpuQuota: pool.info.cpuQuota,
  })
  expect(Object.isFrozen(pool.info)).toBe(true)
})

test.each(['close', 'terminate', Symbol.asyncDispose] as const)('a pool closes it once: %s', async (end) => {
  const backend = new ScriptedBackend(giving((n) => n))
  const pool = new Pool({ backend })
  expect(await pool.map(calls('same'), [1, 2])).toEqual([1, 2])
  expect(backend.closed).toBe(0)
  await Promise.all([pool[end](), pool.close(), pool.terminate()])
  expect(backend.closed).toBe(1)
})

test('a backend that cannot be closed fails the end of its pool, and nothing waits for it', async () => {
  const reason = new Error('still busy')
  const close = () => Promise.reject(reason)
  const pool = new Pool({ backend: { ...whole, execute: () => new Promise(() => {}), close } })
  const running = expect(pool.map(calls('double'), [1])).rejects.toMatchObject({ code: 'E_POOL_TERMINATED' })
  await expect(pool.terminate()).rejects.toMatchObject({
    code: 'E_BACKEND_FAILED',
    received: 'own could not be closed',
    cause: reason,
  })
  await running
  await expect(pool.map(calls('double'), [1])).rejects.toMatchObject({ code: 'E_POOL_CLOSED' })
})

test('a backend that is closing learns that its pool is terminated', async () => {
  const asked: unknown[] = []
  const close = ({ force, signal }: CloseOptions = {}) => {
    asked.push(force)
    return new Promise<void>((resolve) => {
      signal!.addEventListener('abort', () => resolve())
    })
  }
  const pool = new Pool({ backend: { ...whole, execute: () => new Promise(() => {}), close } })
  const closing = pool.close()
  await turns()
  await pool.terminate()
  await closing
  expect(asked).toEqual([false])
})

test('addNoiseToFiles takes one, and closes it', async () => {
  const folder = temporaryFolder()
  const inner = createBackend({ backend: 'inline' })
  const backend = new ScriptedBackend((chunk) => inner.execute(chunk))
  const results = await collect(
    addNoiseToFiles(writeWavs(folder, 2), { out: path.join(folder, 'out'), sigma: 0.1, backend }),
  )
  expect(results.map(({ status }) => status)).toEqual(['done', 'done'])
  expect(new Set(backend.chunks.map(({ kind }) => kind))).toEqual(new Set(['files']))
  expect(backend.closed).toBe(1)
})

describeBackends('a backend in another', (name) => {
  test('does all that it does by its name', async () => {
    const folder = temporaryFolder()
    const files = writeWavs(folder, 5)
    const inner = createBackend({ backend: name, size: 2 })
    onTestFinished(() => inner.close())
    const backend = new ScriptedBackend((chunk) => inner.execute(chunk), inner.threads)
    const options: PoolOptions[] = [{ backend }, { backend: name, size: 2 }]
    const made = options.map(async (options, number) => {
      const pool = new Pool(options)
      onTestFinished(() => pool.terminate())
      const out = path.join(folder, `${number}`)
      await pool.map(noiseTask({ out, snr: 10, seed: 3 }), files)
      const samples = await addNoise(new Float32Array(100_000), { sigma: 0.1, seed: 4, pool })
      return { hashes: hashesBelow(out), samples, values: await pool.map(calls('double'), numbers(20)) }
    })
    const [wrapped, plain] = await Promise.all(made)
    expect(wrapped).toEqual(plain)
    expect(new Set(backend.chunks.map(({ kind }) => kind))).toEqual(new Set(['files', 'slices', 'calls']))
  })
})
