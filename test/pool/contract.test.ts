/** Backends that break their contract: each item is nevertheless reported once, and nothing waits for ever. */

import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  addNoiseToFiles,
  type Backend,
  type Chunk,
  createBackend,
  NoisemillError,
  noiseTask,
  type Outcome,
  Pool,
} from '../../dist/index.js'
import { writeWavs } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { dyingAfter, giving, type Script, ScriptedBackend, settle } from '../support/scripted-backend.js'
import { collect, numbers } from '../support/sources.js'
import { calls } from '../support/tasks.js'
import { turns } from '../support/waiting.js'

const square = (n: number) => n * n

/** A pool on a backend that does what the script says, with chunks of four items. */
function scripted(script: Script) {
  const backend = new ScriptedBackend(script)
  const pool = new Pool({ backend })
  onTestFinished(() => pool.terminate())
  return { backend, pool }
}

const inFours = { chunkSize: 4, errors: 'collect' } as const

const done = (index: number) => ({ index, item: index, status: 'done', value: index ** 2 })
const failed = (index: number, error: object = {}) => ({
  index,
  item: index,
  status: 'failed',
  error: { code: 'E_BACKEND_FAILED', index, ...error },
})

/** What both orders give of eight items, in the order of these. */
async function both(script: Script): Promise<unknown[]> {
  const { pool } = scripted(script)
  const inOrder = await pool.map(calls('double'), numbers(8), inFours)
  const unordered = await collect(pool.imapUnordered(calls('double'), numbers(8), inFours))
  unordered.sort((a, b) => a.index - b.index)
  expect(unordered).toHaveLength(8)
  expect(JSON.stringify(unordered)).toBe(JSON.stringify(inOrder))
  return inOrder
}

describe('a backend that', () => {
  test('keeps to it has each item told', async () => {
    expect(await both(giving(square))).toMatchObject(numbers(8).map(done))
  })

  test('settles a job again is heard once', async () => {
    const twice: Script = async (chunk) => {
      const figures = await giving(square)(chunk)
      const error = new NoisemillError('E_WORKER_DIED')
      for (const index of chunk.jobs.keys()) settle(chunk, index, index % 2 === 0 ? { value: -1 } : { error })
      return figures
    }
    expect(await both(twice)).toMatchObject(numbers(8).map(done))
  })

  test('ends before all is settled fails the rest, by its name', async () => {
    const results = await both(giving(square, { lost: [1, 3] }))
    const lost = { message: expect.stringMatching(/^item \d \(\d\): .*scripted ended without settling the job/) }
    expect(results).toMatchObject(numbers(8).map((n) => (n % 2 === 1 ? failed(n, lost) : done(n))))
  })

  test('never settles anything fails it all', async () => {
    expect(await both(async () => ({ milliseconds: 1 }))).toMatchObject(numbers(8).map((n) => failed(n)))
  })

  test.each([new Error('connection lost'), 'no error', undefined])(
    'rejects fails what is left, with what it said: %s',
    async (reason) => {
      const half: Script = async (chunk) => {
        await giving(square, { lost: [2, 3] })(chunk)
        throw reason
      }
      const error = { received: 'scripted', ...(reason !== undefined && { cause: reason }) }
      expect(await both(half)).toMatchObject(numbers(8).map((n) => (n % 4 < 2 ? done(n) : failed(n, error))))
    },
  )

  test('throws at once fails what it was asked for', async () => {
    const reason = new TypeError('not a promise')
    const script = () => {
      throw reason
    }
    expect(await both(script)).toMatchObject(numbers(8).map((n) => failed(n, { cause: reason })))
  })

  test('settles after it has ended is not heard any more', async () => {
    const late: Promise<void>[] = []
    const script: Script = async (chunk) => {
      late.push(
        turns(5).then(() => {
          for (const index of chunk.jobs.keys()) settle(chunk, index, { value: -1 })
        }),
      )
      return { milliseconds: 1 }
    }
    expect(await both(script)).toMatchObject(numbers(8).map((n) => failed(n)))
    await Promise.all(late)
    // With what is late coming while the consumer still reads.
    const { pool } = scripted(script)
    const results: unknown[] = []
    for await (const record of pool.imap(calls('double'), numbers(8), inFours)) {
      await Promise.all(late)
      results.push(record)
    }
    expect(results).toMatchObject(numbers(8).map((n) => failed(n)))
  })

  test('settles what is no job, with what is no outcome', async () => {
    const script: Script = async (chunk) => {
      for (const index of [-1, 4, 0.5, Number.NaN, '0 ', undefined]) settle(chunk, index as number, { value: -1 })
      const wrong = [undefined, {}, { error: new Error('no code') }, 7]
      for (const [index, outcome] of wrong.entries()) settle(chunk, index, outcome as unknown as Outcome<unknown>)
      return { milliseconds: 1 }
    }
    const results = await both(script)
    expect(results).toMatchObject(numbers(8).map((n) => failed(n)))
    expect(results[2]).toMatchObject({ error: { cause: { error: { message: 'no code' } } } })
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0, undefined])(
    'gives %s for its milliseconds has no say in the size of chunks',
    async (milliseconds) => {
      let largest = 0
      const script: Script = async (chunk) => {
        largest = Math.max(largest, chunk.jobs.length)
        await giving(square)(chunk)
        return { milliseconds } as never
      }
      const { pool } = scripted(script)
      expect(await pool.map(calls('double'), numbers(500))).toEqual(numbers(500).map(square))
      expect(largest).toBe(1)
    },
  )

  test('gives nothing for its figures is heard all the same', async () => {
    const script: Script = async (chunk) => {
      await giving(square)(chunk)
      return undefined as never
    }
    expect(await both(script)).toMatchObject(numbers(8).map(done))
  })

  test('fails ends a run whose errors are thrown, after the results before', async () => {
    const { pool } = scripted(giving(square, { lost: [2] }))
    const given: unknown[] = []
    const read = async () => {
      for await (const value of pool.imap(calls('double'), numbers(8), { chunkSize: 4 })) given.push(value)
    }
    await expect(read()).rejects.toMatchObject({ code: 'E_BACKEND_FAILED', index: 2 })
    expect(given).toEqual([0, 1])
    await expect(pool.map(calls('double'), numbers(8))).resolves.toEqual(numbers(8).map(square))
  })

  test('rejects once a run is stopped adds nothing to its reason', async () => {
    const controller = new AbortController()
    const script: Script = async (chunk) => {
      await new Promise<void>((resolve) => chunk.cancellation.onCancel(resolve))
      throw new Error('stopped')
    }
    const { pool } = scripted(script)
    const running = pool.map(calls('double'), numbers(8), { signal: controller.signal })
    controller.abort('enough')
    await expect(running).rejects.toBe('enough')
  })
})

describe('files of a backend that dies', () => {
  test('fail one by one, with its name and why', async () => {
    const { pool } = scripted(async () => {
      throw new Error('connection lost')
    })
    const task = noiseTask({ out: temporaryFolder(), sigma: 0.1 })
    const results = await pool.map(task, ['a.wav', 'b.wav'])
    const message =
      'a.wav: the backend failed: scripted: connection lost. The `cause` of this error has the reason, if it is known.'
    expect(results).toMatchObject([
      { status: 'failed', error: { code: 'E_BACKEND_FAILED', path: 'a.wav', message } },
      { status: 'failed', error: { code: 'E_BACKEND_FAILED', path: 'b.wav' } },
    ])
  })

  test('may be there all the same, and resuming knows them', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const inputs = writeWavs(folder, 3)
    const options = { out, sigma: 0.1, seed: 1 } as const
    const inner = createBackend({ backend: 'workers', size: 1 })
    const backend = new ScriptedBackend(dyingAfter(inner, new Error('connection lost')))
    const first = await collect(addNoiseToFiles(inputs, { ...options, backend }))
    await inner.close()
    expect(first.map(({ error }) => error?.code)).toEqual(inputs.map(() => 'E_BACKEND_FAILED'))
    const whole = inputs.map((file) => path.basename(file))
    const written = () => filesBelow(out).filter((name) => !name.startsWith('.'))
    expect(written()).toEqual(whole)
    const resumed = await collect(addNoiseToFiles(inputs, { ...options, size: 1, resume: true }))
    expect(resumed.map(({ status }) => status)).toEqual(inputs.map(() => 'done'))
    expect(written()).toEqual(whole)
  })
})

describe('what a backend is asked', () => {
  test('is the jobs of one run, and never more than twice as often as it has threads', async () => {
    let underWay = 0
    let most = 0
    const script: Script = async (chunk) => {
      most = Math.max(most, ++underWay)
      await setImmediate()
      underWay--
      return giving(square)(chunk)
    }
    const backend = new ScriptedBackend(script, 3)
    const pool = new Pool({ backend })
    onTestFinished(() => pool.terminate())
    expect(await pool.map(calls('double'), numbers(100), { chunkSize: 2 })).toEqual(numbers(100).map(square))
    expect(most).toBe(6)
    expect(backend.chunks.flatMap(({ jobs }) => jobs)).toEqual(numbers(100))
    const [first, ...others] = backend.chunks as (Chunk & { kind: 'calls' })[]
    expect(first).toMatchObject({ kind: 'calls', call: { name: 'double', setup: undefined, data: undefined } })
    // What a backend has made of a function it finds again by this object.
    expect(others.every(({ call }) => call === first.call)).toBe(true)
  })

  test('is told when it is no longer wanted', async () => {
    const { backend, pool } = scripted(giving(square))
    for await (const value of pool.imap(calls('double'), numbers(100), { chunkSize: 1 })) if (value === 4) break
    expect(backend.chunks[0].cancellation.isCancelled).toBe(true)
    expect(backend.chunks[0].cancellation.flag[0]).toBe(1)
  })
})

describe('a backend that files go to', () => {
  // A value that is none of a file: of another version, say.
  test.each([[4], [undefined], [{}], [{ failure: { code: 'E_NEW', detail: '', errno: '' } }]])(
    'gives %j for one: that file fails, and the others go on',
    async (value) => {
      const folder = temporaryFolder()
      const inputs = writeWavs(folder, 3)
      const inner = createBackend({ backend: 'inline' })
      const backend: Backend = {
        ...inner,
        execute: (chunk) => {
          if (chunk.kind !== 'files') return inner.execute(chunk)
          const settle: typeof chunk.settle = (index, outcome) =>
            chunk.settle(index, chunk.jobs[index].input === inputs[1] ? ({ value } as never) : outcome)
          return inner.execute({ ...chunk, settle })
        },
      }
      const pool = new Pool({ backend })
      onTestFinished(() => pool.terminate())
      const results = await pool.map(noiseTask({ out: `${folder}/out`, sigma: 0.1 }), inputs)
      expect(results.map(({ status }) => status)).toEqual(['done', 'failed', 'done'])
      expect(results[1].error?.code).toBe('E_BACKEND_FAILED')
    },
  )
})

test('a listener that throws when a run is stopped keeps nobody from being told', async () => {
  const script: Script = async (chunk) => {
    chunk.cancellation.onCancel(() => {
      throw new Error('a faulty listener')
    })
    await new Promise<void>((resolve) => chunk.cancellation.onCancel(resolve))
    return { milliseconds: 1 }
  }
  const { pool } = scripted(script)
  const aborting = new AbortController()
  const run = pool.map(calls('double'), numbers(3), { signal: aborting.signal })
  await turns()
  aborting.abort(new Error('enough'))
  await expect(run).rejects.toThrow('enough')
  await pool.terminate()
})
