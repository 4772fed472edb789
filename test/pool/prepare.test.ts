/** A task may prepare its run with another task, on the same pool. */

import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Backend } from '../../dist-lib/backends/backend.js'
import { Pool } from '../../dist-lib/pool/pool.js'
import { defineTask, type RunTask, type Task } from '../../dist-lib/task.js'

/** A task whose jobs are its items, and which notes what a run does with it. */
function taskOf(notes: string[], prepare?: (run: RunTask) => Promise<void>): Task<string, string> {
  return defineTask<string, string, string, string, string, string>({
    work: { kind: 'files' },
    errors: 'throw',
    endsWhenCancelled: true,
    givesValues: false,
    start: () => ({
      copies: 1,
      ...(prepare && { prepare }),
      plan(item) {
        notes.push(`plan ${item}`)
        return { job: item }
      },
      result: (_planned, value) => value,
      fail: (_planned, error) => {
        throw error
      },
      failureOf: () => undefined,
    }),
  })
}

/** A backend of one thread, which adds a mark to each job after a while. */
const marking: Backend = {
  name: 'marking',
  threads: 1,
  async execute(chunk) {
    await delay(1)
    for (const [index, job] of chunk.jobs.entries()) chunk.settle(index, { value: `${job}!` as never })
    return { milliseconds: 1 }
  },
  async close() {},
}

const poolOf = () => new Pool({ backend: marking })

describe('a task that prepares its run', () => {
  test('runs another task before the first item is planned, even while the pool is closing', async () => {
    const notes: string[] = []
    const task = taskOf(notes, async (run) => {
      for await (const result of run(taskOf(notes), ['first', 'second'])) notes.push(`prepared ${result}`)
    })
    const pool = poolOf()
    const results = pool.map(task, ['item'])
    await pool.close()
    expect(await results).toEqual(['item!'])
    expect(notes.slice(0, 2)).toEqual(['plan first', 'plan second'])
    expect(notes.slice(2)).toEqual(['prepared first!', 'prepared second!', 'plan item'])
  })

  test('is prepared once for each run, and by every method', async () => {
    let prepared = 0
    const task = taskOf([], async () => {
      prepared++
    })
    await using pool = poolOf()
    expect(await pool.map(task, ['a', 'b', 'c'])).toEqual(['a!', 'b!', 'c!'])
    expect(await pool.run(task, 'a')).toBe('a!')
    for await (const result of pool.imap(task, ['a'])) expect(result).toBe('a!')
    for await (const result of pool.imapUnordered(task, ['a'])) expect(result).toBe('a!')
    expect(prepared).toBe(4)
  })

  test('ends its run with the reason if it cannot be prepared', async () => {
    const notes: string[] = []
    const reason = new Error('no noise')
    await using pool = poolOf()
    const task = taskOf(notes, () => Promise.reject(reason))
    await expect(pool.map(task, ['item'])).rejects.toBe(reason)
    expect(notes).toEqual([])
  })

  test('many runs prepare themselves on one thread', async () => {
    await using pool = poolOf()
    const task = taskOf([], async (run) => {
      for await (const _ of run(taskOf([]), ['a', 'b'])) await delay(0)
    })
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.map(task, [`${i}`])))
    expect(all).toEqual(Array.from({ length: 20 }, (_, i) => [`${i}!`]))
  })

  test.each(['aborted', 'terminated'] as const)('stops its preparation when its run is %s', async (how) => {
    const notes: string[] = []
    const controller = new AbortController()
    const pool = poolOf()
    let isRunning = () => {}
    const running = new Promise<void>((resolve) => {
      isRunning = resolve
    })
    let stopped: Promise<unknown> | undefined
    async function* endless() {
      for (let i = 0; ; i++) yield `${i}`
    }
    const task = taskOf(notes, (run) => {
      const preparing = (async () => {
        for await (const _ of run(taskOf([]), endless())) isRunning()
      })()
      stopped = preparing.catch((error: unknown) => error)
      return preparing
    })
    const results = pool.imap(task, ['item'], { signal: controller.signal })
    const first = results.next().catch((error: unknown) => error)
    await running
    if (how === 'aborted') controller.abort(new Error('enough'))
    else await pool.terminate()
    const error = await first
    if (how === 'aborted') expect(error).toEqual(new Error('enough'))
    else expect(error).toMatchObject({ code: 'E_POOL_TERMINATED' })
    expect(await stopped).toBeInstanceOf(Error)
    await pool.close()
    expect(notes).toEqual([])
  })
})
