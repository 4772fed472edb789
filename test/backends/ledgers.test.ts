/**
 * The ledgers: every order in which workers and their pool can take the steps of a claim, and real threads and processes
 * that race.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FileLedger, ProcessLedger } from '../../dist-lib/backends/file-ledger.js'
import { FileWords, LEDGER_DESCRIPTOR, LedgerFile } from '../../dist-lib/backends/ledger-file.js'
import { NOTE_WORDS, type Words } from '../../dist-lib/backends/notes.js'
import { SharedLedger, ThreadLedger } from '../../dist-lib/backends/shared-ledger.js'
import { inTime } from '../support/waiting.js'

/** Calls `see` with every sequence that has step i as often as `counts[i]` says. */
function eachOrder(counts: readonly number[], see: (order: readonly number[]) => void, order: number[] = []): void {
  if (counts.every((count) => count === 0)) see(order)
  for (const [step, count] of counts.entries()) {
    if (count === 0) continue
    const left = counts.with(step, count - 1)
    eachOrder(left, see, [...order, step])
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('in shared memory, in every order of steps', () => {
  /**
   * Takes the steps of one order: lanes of the thread, each of which claims until it is refused, and the pool, which
   * looks once and closes once. Every step is one atomic operation, so these are all the histories there are.
   */
  function play(order: readonly number[], count: number, lanes: number) {
    const ledger = new SharedLedger(1)
    const at = ledger.take()
    const claim = new ThreadLedger(ledger.words).claims(at, count)
    const begun: number[] = []
    const isRefused = Array(lanes).fill(false)
    let givenBack: number[] | undefined
    for (const step of order) {
      if (step < lanes) {
        if (isRefused[step]) continue
        const index = claim()
        if (index === undefined) isRefused[step] = true
        else begun.push(index)
      } else if (step === lanes) {
        // What the pool sees as begun was begun, and no more.
        if (givenBack === undefined) expect(ledger.begun(at, count)).toBe(begun.length)
      } else {
        const first = ledger.close(at, count)
        givenBack = upTo(count - first).map((i) => first + i)
      }
    }
    // The thread goes on until every lane is refused.
    for (const lane of isRefused.keys()) {
      while (!isRefused[lane]) {
        const index = claim()
        if (index === undefined) isRefused[lane] = true
        else begun.push(index)
      }
    }
    return { begun, givenBack: givenBack ?? [] }
  }

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
      expect([...begun, ...givenBack].sort(), `order ${order}`).toEqual(upTo(count))
      // A thread begins items in their order.
      expect(begun).toEqual([...begun].sort())
    })
    expect(histories).toBeGreaterThan(5)
  })

  test('a place that is used again begins anew, also after it was closed', () => {
    const ledger = new SharedLedger(1)
    for (let use = 0; use < 3; use++) {
      const at = ledger.take()
      expect(ledger.isFull).toBe(true)
      const claim = new ThreadLedger(ledger.words).claims(at, 2)
      expect(claim()).toBe(0)
      expect(ledger.close(at, 2)).toBe(1)
      expect(claim()).toBeUndefined()
      ledger.free(at)
      expect(ledger.isFull).toBe(false)
    }
  })
})

test('real threads that race with a pool begin each item or leave it to the pool, once', async () => {
  // The race was one if some rounds were closed in the middle. Where the pool and the threads take turns on a CPU, only
  // rounds are that take longer than a turn.
  await inTime(20_000, raceOfThreads)
})

async function raceOfThreads(count: number): Promise<true | undefined> {
  const ROUNDS = 60
  const ledger = new SharedLedger(ROUNDS)
  const begun = Array.from({ length: ROUNDS }, () => new Int32Array(new SharedArrayBuffer(4 * count)))
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const places = Array.from({ length: ROUNDS }, () => ledger.take())
  // The lanes of a thread never run at the same time; two threads are harder on the protocol.
  const program = `
    import { parentPort, workerData } from 'node:worker_threads'
    const { ThreadLedger } = await import(workerData.module)
    const { words, begun, gate, count } = workerData
    parentPort.postMessage('ready')
    for (let at = 0; at < begun.length; at++) {
      const claim = new ThreadLedger(words).claims(at, count)
      while (Atomics.load(gate, 0) <= at);
      for (;;) {
        const index = claim()
        if (index === undefined) break
        Atomics.add(begun[at], index, 1)
      }
    }`
  const module = new URL('../../dist-lib/backends/shared-ledger.js', import.meta.url).href
  const workerData = { module, words: ledger.words, begun, gate, count }
  const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`)
  const threads = [0, 1].map(() => new Worker(url, { workerData }))
  const ended = threads.map((thread) => once(thread, 'exit'))
  await Promise.all(threads.map((thread) => once(thread, 'message')))
  const first = places.map((at) => {
    Atomics.store(gate, 0, at + 1)
    // Close at a different point each time.
    while (ledger.begun(at, count) < Math.floor(count * ((at * 0.337) % 1)));
    return ledger.close(at, count)
  })
  await Promise.all(ended)
  for (const [at, cells] of begun.entries()) {
    const expected = Array.from(cells, (_, index) => (index < first[at] ? 1 : 0))
    expect(Array.from(cells), `round ${at}`).toEqual(expected)
  }
  return first.some((begun) => begun > 0 && begun < count) || undefined
}

describe('in a file', () => {
  const STOPPED = Symbol('stopped')

  /**
   * Words that stop their user after a number of steps. Begun again, it takes the steps that it has taken already without
   * effect: its reads give what they gave the first time.
   */
  class StoppingWords implements Words {
    readonly #words: Int32Array
    readonly #taken: number[] = []
    #step = 0
    #last = 0

    constructor(words: Int32Array) {
      this.#words = words
    }

    /** Begins again, up to a number of steps. */
    begin(last: number): void {
      this.#step = 0
      this.#last = last
    }

    #take(step: () => number): number {
      const number = this.#step++
      if (number === this.#taken.length) {
        if (number >= this.#last) throw STOPPED
        this.#taken.push(step())
      }
      return this.#taken[number]
    }

    read = (at: number) => this.#take(() => this.#words[at])

    write(at: number, value: number): void {
      this.#take(() => {
        this.#words[at] = value
        return 0
      })
    }

    readAll = (at: number, count: number) => this.#words.slice(at, at + count)
    writeAll = (at: number, values: Int32Array) => this.#words.set(values, at)
  }

  /** Words that call a function before each step. */
  class HeardWords implements Words {
    constructor(
      readonly words: Int32Array,
      readonly before: () => void,
    ) {}

    read(at: number): number {
      this.before()
      return this.words[at]
    }

    write(at: number, value: number): void {
      this.before()
      this.words[at] = value
    }

    readAll = (at: number, count: number) => this.words.slice(at, at + count)
    writeAll = (at: number, values: Int32Array) => this.words.set(values, at)
  }

  /** Plays one order: the pool takes its three steps after the worker has taken so many steps. */
  function play(after: readonly number[], count: number) {
    const words = new Int32Array(NOTE_WORDS + 2)
    const stopping = new StoppingWords(words)
    let begun: number[] = []
    const work = (steps: number) => {
      begun = []
      stopping.begin(steps)
      const claim = new ProcessLedger(stopping).claims(0, count)
      try {
        for (let index = claim(); index !== undefined; index = claim()) begun.push(index)
      } catch (error) {
        if (error !== STOPPED) throw error
      }
    }
    let poolSteps = 0
    const ledger = new FileLedger(1, new HeardWords(words, () => work(after[poolSteps++] ?? Infinity)))
    const at = ledger.take()
    const atClose = ledger.close(at, count)
    expect(poolSteps).toBe(3)
    // The worker goes on to its end.
    const exact = ledger.begun(at, count)
    return { begun, atClose, exact }
  }

  test.each([1, 2, 3, 5])('every order of the steps for %i items leaves each item to one side', (count) => {
    const most = 2 * count + 1
    const seen = new Set<number>()
    for (let first = 0; first <= most; first++) {
      for (let second = first; second <= most; second++) {
        for (let third = second; third <= most; third++) {
          const order = [first, second, third]
          const { begun, atClose, exact } = play(order, count)
          expect(begun, `order ${order}`).toEqual(upTo(exact))
          // What the pool has given back at once is not begun later.
          expect([0, 1], `order ${order}`).toContain(atClose - exact)
          seen.add(exact)
        }
      }
    }
    expect([...seen].sort()).toEqual(upTo(count + 1))
  })

  test('places are used again, and deadlines have a place of their own', () => {
    const file = new LedgerFile()
    onTestFinished(() => file.close())
    const words = new FileWords(file.descriptor)
    const ledger = new FileLedger(2, words)
    for (let use = 0; use < 3; use++) {
      const places = [ledger.take(), ledger.take()]
      expect(ledger.isFull).toBe(true)
      const claims = places.map((at) => new ProcessLedger(words).claims(at, 3))
      expect(claims.map((claim) => claim())).toEqual([0, 0])
      expect(ledger.close(places[0], 3)).toBe(1)
      expect(claims.map((claim) => claim())).toEqual([undefined, 1])
      const deadlines = [ledger.deadlines(2), ledger.deadlines(3)]
      const mine = new ProcessLedger(words).deadlines(deadlines[1].place as number)
      mine.begin(2, -1000)
      expect(deadlines.map((each) => each.overdue(0, 2))).toEqual([0, 0])
      expect(deadlines[1].overdue(0, 3)).toBeGreaterThanOrEqual(1000)
      mine.end(2)
      expect(deadlines[1].overdue(0, 3)).toBe(0)
      for (const each of deadlines) each.free()
      for (const at of places) ledger.free(at)
    }
  })

  describe('notes', () => {
    /** An outcome whose note takes more or fewer words, and which no other call makes. */
    const outcome = (serial: number, length: number) => ({ value: `${serial}${'x'.repeat(length)}` })

    /** Words in memory, of which a write may be cut off, as that of a process that is killed. */
    class CutWords implements Words {
      readonly words = new Int32Array(NOTE_WORDS + 2)
      left = Infinity

      read = (at: number) => this.words[at]
      readAll = (at: number, count: number) => this.words.slice(at, at + count)

      write(at: number, value: number): void {
        this.words[at] = value
      }

      writeAll(at: number, values: Int32Array): void {
        this.words.set(values.subarray(0, this.left), at)
      }
    }

    const draws = (seed: number) => {
      let state = seed
      return (limit: number) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0
        return Math.floor((state / 2 ** 32) * limit)
      }
    }

    test.each([0, 1, 2, 3, 4])(
      'only those since the last report are read; they end %i words into an earlier one',
      (shift) => {
        const words = new CutWords()
        const ledger = new FileLedger(1, words)
        const process = new ProcessLedger(words)
        // The number of a report takes every value that a word of an earlier note may have, such as its length.
        for (let report = 0; report < 150; report++) {
          const lengths = report % 2 === 0 ? [10, 10, 10] : [10 + 4 * shift]
          const since: unknown[] = []
          for (const [index, length] of lengths.entries()) {
            const note = [1, index, outcome(1000 + report, length)] as const
            expect(process.note(...note)).toBe(true)
            since.push(note)
            expect(ledger.noted(), `report ${report}`).toEqual(since)
          }
          process.forget()
        }
      },
    )

    test('one that was written in part is not read, wherever the write was cut off', () => {
      const draw = draws(2)
      for (let round = 0; round < 60; round++) {
        for (let left = 0; ; left++) {
          const words = new CutWords()
          const ledger = new FileLedger(1, words)
          const process = new ProcessLedger(words)
          const earlier = draws(round)
          for (let report = 0; report < 8; report++) {
            for (let note = 0; note < 3; note++) process.note(1, note, outcome(earlier(100), earlier(30)))
            process.forget()
          }
          const first = [1, 0, outcome(draw(100), round % 7)] as const
          process.note(...first)
          words.left = left
          process.note(1, 1, outcome(1000 + round, round % 13))
          const noted = ledger.noted()
          if (noted.length === 2) break
          expect(noted).toEqual([first])
          expect(left).toBeLessThan(100)
        }
      }
    })

    test('whatever the words are, reading throws nothing and takes no more memory than they have', () => {
      const words = new CutWords()
      const ledger = new FileLedger(1, words)
      const process = new ProcessLedger(words)
      const draw = draws(3)
      for (let round = 0; round < 300; round++) {
        process.forget()
        for (let index = 0; index < 3; index++) process.note(1, index, outcome(index, draw(20)))
        for (let change = 1 + draw(4); change > 0; change--)
          words.words[draw(24)] = [draw(2 ** 32), draw(40), 0x03410fff, -1, 2 ** 31 - 1][draw(5)]
        for (const [load, index] of ledger.noted()) expect([load, [0, 1, 2].includes(index)]).toEqual([1, true])
        words.words[NOTE_WORDS] = draw(2 ** 32)
        expect([0, 1, 2, 3]).toContain(ledger.begun(0, 3))
      }
      words.words.fill(0x03410fff)
      expect(ledger.noted()).toEqual([])
    })

    test('notes that fill their place are all read, and there is no place for more', () => {
      const file = new LedgerFile()
      onTestFinished(() => file.close())
      const words = new FileWords(file.descriptor)
      const process = new ProcessLedger(words)
      const since: unknown[] = []
      for (let index = 0; ; index++) {
        const note = [1, index, outcome(index, 1000)] as const
        if (!process.note(...note)) break
        since.push(note)
      }
      expect(since.length).toBeGreaterThan(50)
      expect(new FileLedger(1, words).noted()).toEqual(since)
    })
  })

  test('a real process that races with the pool begins each item or leaves it to the pool, once', async () => {
    await inTime(2000, raceOfProcess)
  })

  async function raceOfProcess(count: number): Promise<true | undefined> {
    const ROUNDS = 40
    const file = new LedgerFile()
    onTestFinished(() => file.close())
    const ledger = new FileLedger(ROUNDS, new FileWords(file.descriptor))
    const module = (name: string) => new URL(`../../dist-lib/backends/${name}.js`, import.meta.url).href
    const program = `
      const { ProcessLedger } = await import(${JSON.stringify(module('file-ledger'))})
      const { FileWords } = await import(${JSON.stringify(module('ledger-file'))})
      const ledger = new ProcessLedger(new FileWords(${LEDGER_DESCRIPTOR}))
      process.on('message', (at) => {
        const claim = ledger.claims(at, ${count})
        const begun = []
        process.send('began', () => {
          for (let index = claim(); index !== undefined; index = claim()) begun.push(index)
          process.send(begun)
        })
      })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'inherit', 'inherit', file.descriptor, 'ipc'],
    })
    onTestFinished(() => void child.kill())
    const firsts: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const at = ledger.take()
      child.send(at)
      await once(child, 'message')
      // Close at a different point each time.
      while (ledger.begun(at, count) < Math.floor(count * ((round * 0.337) % 1)));
      const atClose = ledger.close(at, count)
      const [begun] = await once(child, 'message')
      const exact = ledger.begun(at, count)
      expect(begun, `round ${round}`).toEqual(upTo(exact))
      expect([0, 1]).toContain(atClose - exact)
      firsts.push(exact)
    }
    return firsts.some((begun) => begun > 0 && begun < count) || undefined
  }
})
