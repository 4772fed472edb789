/** Jobs that their task does not send: it has their results already, or wants to be asked again later. */

import { describe, expect, test } from 'vitest'
import type { Items } from '../../dist/index.js'
import type { Instead, TaskRun } from '../../dist-lib/task.js'
import { numberRun } from '../support/runs.js'
import { giving } from '../support/scripted-backend.js'
import { collect, numbers } from '../support/sources.js'

type Answer = (item: number, asked: number) => Instead<number>

/** A run that squares numbers, or does what the task answers. `asked` counts how often it was asked about each. */
function squares(items: Items<number>, answer: Answer, parts: Parameters<typeof numberRun>[2] = {}) {
  const asked = new Map<number, number>()
  const task: TaskRun<number, number, number, number> = {
    copies: 1,
    plan: (item) => ({ job: item }),
    begin: (planned) =>
      planned.map(({ job }) => {
        asked.set(job!, (asked.get(job!) ?? 0) + 1)
        return answer(job!, asked.get(job!)!)
      }),
    result: (_, value) => value,
    fail: (_, error) => {
      throw error
    },
    failureOf: () => undefined,
  }
  const sent: number[] = []
  const script = giving((job: number) => {
    sent.push(job)
    return job ** 2
  })
  return { run: numberRun(items, script, { task, chunkSize: 5, ...parts }), asked, sent }
}

const inOrders = describe.each([true, false])

inOrders('jobs that are not sent (in order: %j)', (inOrder) => {
  test('have the results that the task gives', async () => {
    const { run, sent } = squares(numbers(23), (n) => (n % 3 === 0 ? { result: -n } : undefined), { inOrder })
    const results = await collect(run)
    const expected = numbers(23).map((n) => (n % 3 === 0 ? -n : n * n))
    if (inOrder) expect(results).toEqual(expected)
    else expect([...results].sort()).toEqual([...expected].sort())
    expect(sent.sort()).toEqual(
      numbers(23)
        .filter((n) => n % 3 !== 0)
        .sort(),
    )
  })

  test('are all of a chunk, or all of a run', async () => {
    for (const isGiven of [(n: number) => n < 5, () => true]) {
      const { run } = squares(numbers(10), (n) => (isGiven(n) ? { result: n * n } : undefined), { inOrder })
      expect((await collect(run)).sort((a, b) => a - b)).toEqual(numbers(10).map((n) => n * n))
    }
  })

  test('are asked about again, until they are sent or have a result', async () => {
    const answer: Answer = (n, asked) => {
      if (n % 4 === 0 && asked < 3) return 'later'
      return n % 8 === 0 ? { result: n * n } : undefined
    }
    const { run, asked, sent } = squares(numbers(30), answer, { inOrder })
    const results = await collect(run)
    expect(inOrder ? results : results.sort((a, b) => a - b)).toEqual(numbers(30).map((n) => n * n))
    expect(sent.sort()).toEqual(
      numbers(30)
        .filter((n) => n % 8 !== 0)
        .sort(),
    )
    for (const [n, times] of asked) expect([n, times]).toEqual([n, n % 4 === 0 ? 3 : 1])
  })

  test('wait no longer if the run is left, or if the task throws', async () => {
    const { run } = squares(numbers(10), (n) => (n > 4 ? 'later' : undefined), { inOrder })
    for await (const result of run) if (result === 16) break
    const thrown = squares(numbers(10), (_, asked) => {
      if (asked > 1) throw new Error('the journal is gone')
      return 'later'
    })
    await expect(collect(thrown.run)).rejects.toThrow('the journal is gone')
  })
})

test('many jobs that wait do not hold up the others', async () => {
  let others = 0
  const answer: Answer = (n) => {
    if (n < 5000) return others < 5000 ? 'later' : { result: n }
    others++
    return undefined
  }
  const { run, sent } = squares(numbers(10_000), answer, { inOrder: false })
  expect((await collect(run)).length).toBe(10_000)
  expect(sent.length).toBe(5000)
})
