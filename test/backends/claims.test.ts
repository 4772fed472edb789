/** The claim protocol: every order in which threads and their pool can take its steps, and real threads that race. */

import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { ClaimWords, claim, claimed, closeClaims } from '../../dist-lib/backends/claims.js'

/** Calls `see` with every sequence that has step i as often as `counts[i]` says. */
function eachOrder(counts: readonly number[], see: (order: readonly number[]) => void, order: number[] = []): void {
  if (counts.every((count) => count === 0)) see(order)
  for (const [step, count] of counts.entries()) {
    if (count === 0) continue
    const left = counts.with(step, count - 1)
    eachOrder(left, see, [...order, step])
  }
}

/**
 * Takes the steps of one order: lanes of the thread, each of which claims until it is refused, and the pool, which looks
 * once and closes once. Every step is one atomic operation, so these are all the histories there are.
 */
function play(order: readonly number[], count: number, lanes: number) {
  const claims = new ClaimWords(1).take()
  const begun: number[] = []
  const isRefused = Array(lanes).fill(false)
  let givenBack: number[] | undefined
  let seen = 0
  for (const step of order) {
    if (step < lanes) {
      if (isRefused[step]) continue
      const index = claim(claims, count)
      if (index === undefined) isRefused[step] = true
      else begun.push(index)
    } else if (step === lanes) {
      seen = claimed(claims, count)
      // What the pool sees as begun was begun, and no more.
      if (givenBack === undefined) expect(seen).toBe(begun.length)
    } else {
      const first = closeClaims(claims, count)
      givenBack = Array.from({ length: count - first }, (_, i) => first + i)
    }
  }
  // The thread goes on until every lane is refused.
  for (const lane of isRefused.keys()) {
    while (!isRefused[lane]) {
      const index = claim(claims, count)
      if (index === undefined) isRefused[lane] = true
      else begun.push(index)
    }
  }
  return { begun, givenBack: givenBack ?? [] }
}

describe('in every order of steps', () => {
  const cases = [
    { count: 1, lanes: 1 },
    { count: 3, lanes: 1 },
    { count: 3, lanes: 2 },
    { count: 2, lanes: 3 },
    { count: 5, lanes: 2 },
  ]

  test.each(cases)('$count items in $lanes lanes are begun or given back, once each', ({ count, lanes }) => {
    let histories = 0
    const steps = Math.min(count + 1, lanes === 3 ? 2 : 4)
    eachOrder([...Array(lanes).fill(steps), 1, 1], (order) => {
      histories++
      const { begun, givenBack } = play(order, count, lanes)
      expect([...begun, ...givenBack].sort(), `order ${order}`).toEqual(Array.from({ length: count }, (_, i) => i))
      // A thread begins items in their order.
      expect(begun).toEqual([...begun].sort())
    })
    expect(histories).toBeGreaterThan(5)
  })

  test('a word that is used again begins anew, also after it was closed', () => {
    const words = new ClaimWords(1)
    for (let use = 0; use < 3; use++) {
      const claims = words.take()
      expect(words.isFull).toBe(true)
      expect(claim(claims, 2)).toBe(0)
      expect(closeClaims(claims, 2)).toBe(1)
      expect(claim(claims, 2)).toBeUndefined()
      words.free(claims)
      expect(words.isFull).toBe(false)
    }
  })
})

test('real threads that race with a pool begin each item or leave it to the pool, once', async () => {
  const ROUNDS = 60
  const COUNT = 20_000
  const words = new ClaimWords(ROUNDS)
  const begun = Array.from({ length: ROUNDS }, () => new Int32Array(new SharedArrayBuffer(4 * COUNT)))
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const claims = Array.from({ length: ROUNDS }, () => words.take())
  // The lanes of a thread never run at the same time; two threads are harder on the protocol.
  const program = `
    import { parentPort, workerData } from 'node:worker_threads'
    const { claim } = await import(workerData.module)
    const { words, begun, gate, count } = workerData
    parentPort.postMessage('ready')
    for (let at = 0; at < begun.length; at++) {
      while (Atomics.load(gate, 0) <= at);
      for (;;) {
        const index = claim({ words, at }, count)
        if (index === undefined) break
        Atomics.add(begun[at], index, 1)
      }
    }`
  const module = new URL('../../dist-lib/backends/claims.js', import.meta.url).href
  const workerData = { module, words: words.words, begun, gate, count: COUNT }
  const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`)
  const threads = [0, 1].map(() => new Worker(url, { workerData }))
  const ended = threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve)))
  await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once('message', resolve))))
  const first = claims.map((word, at) => {
    Atomics.store(gate, 0, at + 1)
    // Close at a different point each time.
    while (claimed(word, COUNT) < (at * 337) % COUNT);
    return closeClaims(word, COUNT)
  })
  await Promise.all(ended)
  for (const [at, cells] of begun.entries()) {
    const expected = Array.from(cells, (_, index) => (index < first[at] ? 1 : 0))
    expect(Array.from(cells), `round ${at}`).toEqual(expected)
  }
  // The race was one: some rounds were closed in the middle.
  expect(first.some((count) => count > 0 && count < COUNT)).toBe(true)
})
