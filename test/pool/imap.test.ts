/** `imap`: results come in order while the source continues, and the source is read no further than necessary. */

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { noiseTask } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeWavs } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { describeThreads, testPool } from '../support/pools.js'
import { numberRun } from '../support/runs.js'
import { giving } from '../support/scripted-backend.js'
import { collect, Endless, numbers } from '../support/sources.js'
import { calls, cell, load } from '../support/tasks.js'
import { turns } from '../support/waiting.js'

/** Asks for some results and then for no more. */
async function take<T>(results: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  while (taken.length < count) taken.push((await results.next()).value)
  return taken
}

/** Room for 64 items, or a few chunks for each thread where that is more, and what a chunk may reach beyond it. */
const WINDOW = 64
const LARGEST_WINDOW = 2 * 4 * 4096 + 4096

describeThreads('imap [%s]', (backend) => {
  test.skipIf(backend === 'inline')(
    'gives the first item first, even if it is the last to be done (needs threads)',
    async () => {
      const gate = cell()
      const items: object[] = numbers(20).map((value) => ({ value }))
      items[0] = { value: 0, waitsFor: gate }
      items[19] = { value: 19, opens: gate }
      expect(await collect(testPool({ backend }).imap(calls('pass'), items, { chunkSize: 1 }))).toEqual(numbers(20))
    },
  )

  test.each(['', 'later'])('gives results before its source has ended, and closes it on break %s', async (when) => {
    const source = new Endless()
    const results: number[] = []
    for await (const result of testPool({ backend }).imap(calls('double'), when ? source.later() : source)) {
      results.push(result)
      if (results.length === 100) break
    }
    expect(results).toEqual(numbers(100).map((number) => 2 * number))
    await turns()
    expect(source.returned).toBe(1)
  })

  test('reads nothing before it is asked', async () => {
    const source = new Endless()
    const results = testPool({ backend }).imap(calls('double'), source)
    await turns()
    expect(source.pulled).toBe(0)
    await results.return()
  })

  test.each([
    { chunkSize: 1, later: false, most: WINDOW + 1 },
    { chunkSize: 1, later: true, most: WINDOW + 1 },
    { chunkSize: 'auto', later: false, most: LARGEST_WINDOW },
    { chunkSize: 'auto', later: true, most: LARGEST_WINDOW },
  ] as const)(
    'waits for a consumer that stops to read: $chunkSize, async $later',
    async ({ chunkSize, later, most }) => {
      const source = new Endless()
      const results = testPool({ backend }).imap(calls('double'), later ? source.later() : source, { chunkSize })
      await take(results, 1)
      let pulled: number
      do {
        pulled = source.pulled
        await turns(300)
      } while (source.pulled !== pulled)
      expect(pulled).toBeLessThanOrEqual(most)
      // It goes on once there is room.
      expect(await take(results, pulled + 10)).toEqual(numbers(pulled + 10).map((number) => 2 * (number + 1)))
      await results.return()
    },
  )

  test('holds no more than some 64 MB of items', async () => {
    let pulled = 0
    function* buffers() {
      for (; pulled < 100; pulled++) yield new Uint8Array(8 * 2 ** 20)
    }
    const results = testPool({ backend }).imap(calls('byteLength'), buffers(), { chunkSize: 4 })
    await take(results, 1)
    await turns(200)
    // 64 MB beside the one that was taken, and the one in the hands of the generator.
    expect(pulled).toBeLessThanOrEqual(10)
    await results.return()
  })

  test('begins nothing more once its consumer has left', async () => {
    const pool = testPool({ backend })
    const begun = cell()
    function* items() {
      for (const value of new Endless()) yield { value, begun }
    }
    for await (const value of pool.imap(calls('pass'), items(), { chunkSize: 4 })) if (value === 9) break
    // Behind what is left of it on every thread.
    await pool.map(calls('double'), numbers(20), { chunkSize: 1 })
    const left = load(begun)
    await pool.map(calls('double'), numbers(20), { chunkSize: 1 })
    expect(load(begun)).toBe(left)
  })

  test('throws what its source throws, as it is, after the results of what came before', async () => {
    const reason = { not: 'an Error' }
    function* broken() {
      yield* numbers(10)
      throw reason
    }
    async function* brokenLater() {
      yield* broken()
    }
    const pool = testPool({ backend })
    for (const source of [broken, brokenLater]) {
      await expect(pool.map(calls('double'), source())).rejects.toBe(reason)
      const results: number[] = []
      const read = async () => {
        for await (const result of pool.imap(calls('double'), source())) results.push(result)
      }
      await expect(read()).rejects.toBe(reason)
      expect(results).toEqual(numbers(10).map((number) => 2 * number))
    }
  })
})

describeBackends('imap', (backend) => {
  test('holds no more of files that fail before they are opened', async () => {
    let pulled = 0
    function* invalid() {
      for (; pulled < 1000; pulled++) yield 42 as never
    }
    const task = noiseTask({ out: temporaryFolder(), sigma: 0.1 })
    const results = testPool({ backend }).imap(task, invalid(), { chunkSize: 1 })
    expect(await take(results, 1)).toMatchObject([{ status: 'failed', error: { code: 'E_ITEM_INVALID' } }])
    await turns()
    expect(pulled).toBeLessThanOrEqual(WINDOW + 1)
    await results.return()
  })

  test('leaves nothing but whole files when its consumer leaves', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const [input] = writeWavs(folder, 1)
    function* items() {
      for (const number of new Endless()) yield { input, output: path.join(out, `${number}.wav`) }
    }
    let left = 0
    for await (const { status } of testPool({ backend }).imap(noiseTask({ sigma: 0 }), items())) {
      expect(status).toBe('done')
      if (++left === 5) break
    }
    const files = filesBelow(out)
    expect(files).toEqual(expect.arrayContaining(numbers(5).map((number) => `${number}.wav`)))
    expect(files.filter((file) => !/^\d+\.wav$/.test(file))).toEqual([])
    await turns()
    expect(filesBelow(out)).toEqual(files)
  })

  test('several runs at the same time on one pool give each its own', async () => {
    const pool = testPool({ backend })
    const input = numbers(200)
    const unread = pool.imap(calls('double'), new Endless())
    await take(unread, 1)
    const [doubled, same, tripled] = await Promise.all([
      collect(pool.imap(calls('double'), input)),
      pool.map(calls('same'), input, { chunkSize: 3 }),
      pool.map(calls('multiply', { setup: 'prepare', data: { prepared: cell(), factor: 3 } }), input),
    ])
    expect(doubled).toEqual(input.map((number) => 2 * number))
    expect(same).toEqual(input)
    expect(tripled).toEqual(input.map((number) => 3 * number))
    await unread.return()
  })
})

const python = (program: string) => spawnSync('python3', ['-c', program], { encoding: 'utf8' })
const canFork = python("import multiprocessing; multiprocessing.get_context('fork')").status === 0

test.skipIf(!canFork)("Python's imap does the same for such a source (needs Python 3 that can fork)", () => {
  const { stdout } = python(`
import multiprocessing
def source():
    yield from range(10)
    raise RuntimeError('broken')
with multiprocessing.get_context('fork').Pool(2) as pool:
    results = []
    try:
        for result in pool.imap(abs, source()): results.append(result)
    except RuntimeError as error: print(results, error)
`)
  expect(stdout.trim()).toBe(`[${numbers(10).join(', ')}] broken`)
})

describe('the end of a source', () => {
  /** An iterator of the plainest kind, that counts how often it is told to stop. */
  function plain(length: number, last?: () => never) {
    let next = 0
    const source = {
      returned: 0,
      [Symbol.iterator]: () => ({
        next: () => (next < length ? { done: false, value: next++ } : (last?.() ?? { done: true, value: undefined })),
        return: () => {
          source.returned++
          return { done: true, value: undefined }
        },
      }),
    }
    return source as unknown as Iterable<number> & { returned: number }
  }

  test('is told to it where it was not read to its end, and only there', async () => {
    const pool = testPool({ backend: 'inline' })
    const [left, failed, ended] = [plain(1000), plain(1000), plain(10)]
    for await (const result of pool.imap(calls('double'), left, { chunkSize: 1 })) if (result === 4) break
    await expect(pool.map(calls('multiply'), failed, { chunkSize: 1 })).rejects.toThrow()
    await pool.map(calls('double'), ended)
    expect([left.returned, failed.returned, ended.returned]).toEqual([1, 1, 0])
  })

  test('is not begun by a run that does not begin', async () => {
    let opened = 0
    const items = {
      [Symbol.iterator]: () => {
        opened++
        return numbers(3).values()
      },
    }
    const pool = testPool({ backend: 'inline' })
    const signal = AbortSignal.abort(new Error('aborted before'))
    await expect(pool.map(calls('double'), items, { signal })).rejects.toThrow('aborted before')
    await pool.imap(calls('double'), items).return()
    const late = pool.imap(calls('double'), items)
    await pool.close()
    await expect(late.next()).rejects.toMatchObject({ code: 'E_POOL_CLOSED' })
    expect(opened).toBe(0)
  })

  test.each([undefined, null, 5, 'text', false])('a step that is %s throws what for await throws', async (step) => {
    const sources = [
      { [Symbol.iterator]: () => ({ next: () => step }) },
      { [Symbol.asyncIterator]: () => ({ next: () => step }) },
      { [Symbol.asyncIterator]: () => ({ next: async () => step }) },
    ] as unknown as AsyncIterable<number>[]
    for (const source of sources) {
      const own = async () => {
        for await (const _ of source) throw new Error('there is no item')
      }
      const expected: unknown = await own().catch((error) => error)
      expect(expected).toBeInstanceOf(TypeError)
      await expect(testPool({ backend: 'inline' }).map(calls('double'), source)).rejects.toThrow(expected as TypeError)
    }
  })

  test('is not told to one that threw, as with for ... of', async () => {
    const broken = plain(3, () => {
      throw new Error('broken')
    })
    await expect(testPool({ backend: 'inline' }).map(calls('double'), broken)).rejects.toThrow('broken')
    expect(broken.returned).toBe(0)
  })

  test('need not come for a consumer to leave', async () => {
    async function* fallsSilent() {
      yield 1
      await new Promise<never>(() => {})
    }
    for await (const result of testPool().imap(calls('double'), fallsSilent())) {
      expect(result).toBe(2)
      break
    }
  })

  test('an item larger than the whole window still passes', async () => {
    const large = [2 ** 26, 2 ** 26 + 1].map((length) => new Uint8Array(length)) // 64 MB is the window
    const results = numberRun(
      large as never,
      giving(({ length }: Uint8Array) => length),
    )
    expect(await collect(results)).toEqual([2 ** 26, 2 ** 26 + 1])
  })
})

test('two runs on one pool work at the same time', async () => {
  const pool = testPool()
  const gate = cell()
  const waiting = pool.map(calls('pass'), [{ value: 'waited', waitsFor: gate }])
  expect(await pool.map(calls('pass'), [{ value: 'opened', opens: gate }])).toEqual(['opened'])
  expect(await waiting).toEqual(['waited'])
})
