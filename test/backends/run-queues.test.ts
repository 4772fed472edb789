/** The queues of runs, beside plain lists of the same. */

import { describe, expect, test } from 'vitest'
import { Cancellation } from '../../dist-lib/backends/cancellation.js'
import { type Ranked, Ranking } from '../../dist-lib/backends/ranking.js'
import { RunQueues } from '../../dist-lib/backends/run-queues.js'
import { Random } from '../support/random.js'
import { numbers } from '../support/sources.js'

test('the first of a ranking is that of a sorted list, while ranks change and items come and go', () => {
  const random = new Random(7)
  const items = numbers(40).map((order): Ranked => ({ rank: 0, order, place: -1 }))
  const ranking = new Ranking<Ranked>()
  const inside = new Set<Ranked>()
  for (let step = 0; step < 5000; step++) {
    const item = random.pick(items)
    if (random.once(3)) {
      ranking.remove(item)
      inside.delete(item)
    } else {
      // Few ranks, so that many are equal.
      item.rank = random.below(8)
      ranking.update(item)
      inside.add(item)
    }
    const sorted = [...inside].sort((a, b) => a.rank - b.rank || a.order - b.order)
    expect(ranking.first).toBe(sorted[0])
  }
})

describe('queues of runs', () => {
  type Jobs = Parameters<RunQueues['add']>[0]
  type Load = Parameters<RunQueues['given']>[0]
  const jobsOf = (cancellation: Cancellation, count = 1) =>
    ({ accepted: { chunk: { cancellation } }, first: 0, count }) as unknown as Jobs

  test('give each of many runs its turn before any has a second one', () => {
    const queues = new RunQueues()
    const runs = numbers(100).map(() => new Cancellation())
    for (const run of runs) for (let i = 0; i < 3; i++) queues.add(jobsOf(run))
    const order: number[] = []
    for (let jobs = queues.next(); jobs !== undefined; jobs = queues.next()) {
      order.push(runs.indexOf(jobs.accepted.chunk.cancellation))
      queues.given(jobs as Load)
      queues.done(jobs as Load, 5)
    }
    expect(order).toEqual([...runs.keys(), ...runs.keys(), ...runs.keys()])
  })

  test('give a new run no more than its share', () => {
    const queues = new RunQueues()
    const [old, young] = [new Cancellation(), new Cancellation()]
    const turn = () => {
      const jobs = queues.next()!
      queues.given(jobs as Load)
      queues.done(jobs as Load, 10)
      return jobs.accepted.chunk.cancellation
    }
    for (let i = 0; i < 100; i++) queues.add(jobsOf(old))
    for (let i = 0; i < 20; i++) turn()
    for (let i = 0; i < 50; i++) queues.add(jobsOf(young))
    const turns = numbers(40).map(turn)
    expect(turns.filter((run) => run === young)).toHaveLength(20)
  })

  test('forget a run whose jobs no worker gets', () => {
    const queues = new RunQueues()
    queues.add(jobsOf(new Cancellation()))
    const jobs = queues.next()!
    expect(queues.isNew(new Cancellation())).toBe(true)
    queues.forget(jobs)
    expect(queues.isNew(new Cancellation())).toBe(false)
  })
})
