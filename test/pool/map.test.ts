/** `map`: its items, its results, and the calls that are refused. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type ModuleTaskOptions, moduleTask, noiseTask, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeWavs } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { describePlaces, describeThreads, testPool } from '../support/pools.js'
import { numbers } from '../support/sources.js'
import { isWindows } from '../support/systems.js'
import { calls, cell } from '../support/tasks.js'

const input = numbers(300)
const expected = input.map((number) => 2 * number)

async function* later<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item)
}

/** Its next() gives what can be awaited but is no Promise, as some libraries' does. */
function thenables<T>(items: readonly T[]): AsyncIterable<T> {
  let index = 0
  const next = () => {
    // A source that is not awaited looks endless: let that be an error rather than a hang.
    if (index > items.length) throw new Error('read on after its end')
    const step = index < items.length ? { done: false, value: items[index] } : { done: true, value: undefined }
    index++
    // biome-ignore lint/suspicious/noThenProperty: it is the subject
    return { then: (resolve: (step: unknown) => void) => resolve(step) }
  }
  return { [Symbol.asyncIterator]: () => ({ next }) as unknown as AsyncIterator<T> }
}

const sources = {
  'an array': () => input,
  'a Set': () => new Set(input),
  'a typed array': () => Uint16Array.from(input),
  'a generator': () => input.values(),
  'an object with an iterator': () => ({ [Symbol.iterator]: () => input.values() }),
  'an async generator': () => later(input),
  'an async iterator that answers at once': () => ({ [Symbol.asyncIterator]: () => input.values() as never }),
  'an async iterator that answers with thenables': () => thenables(input),
}

describePlaces('map [%s]', (backend) => {
  test.each(Object.keys(sources) as (keyof typeof sources)[])('gives what Array.map gives, of %s', async (name) => {
    const items = sources[name]() as Iterable<number>
    expect(await testPool({ backend }).map(calls('double'), items)).toEqual(expected)
  })

  test('gives the values of async functions, and calls the default export where none is named', async () => {
    const pool = testPool({ backend })
    expect(await pool.map(calls('pass'), [{ value: 'a' }, { value: 'b' }])).toEqual(['a', 'b'])
    expect(await pool.map(moduleTask(new URL('../support/tasks/calls.mjs', import.meta.url)), input)).toEqual(expected)
  })

  test('gives nothing of nothing', async () => {
    const pool = testPool({ backend })
    for (const empty of [[], new Set<number>(), later([])]) expect(await pool.map(calls('double'), empty)).toEqual([])
  })

  test('hands every kind of value through as it is, those that look like nothing too', async () => {
    const values = [undefined, null, 0, -0, Number.NaN, '', false, 7n, [undefined], { a: { b: new Map([[1, 'x']]) } }]
    values.push(
      new Set([1]) as never,
      new Date(0) as never,
      Float32Array.of(0.5) as never,
      new RangeError('x') as never,
    )
    expect(await testPool({ backend }).map(calls('same'), values, { chunkSize: 3 })).toStrictEqual(values)
  })
})

describeBackends('map', (backend) => {
  test('runs one item at a time on a thread', async () => {
    const pool = testPool({ backend })
    const seen: number[] = await pool.map(calls('crowd'), Array(40).fill(cell()), { chunkSize: 2 })
    expect(Math.max(...seen)).toBeLessThanOrEqual(backend === 'inline' ? 1 : 2)
  })

  test.skipIf(backend === 'inline')(
    'runs as many items at the same time as the pool has threads (needs threads)',
    async () => {
      // More than twice the threads of the libuv pool, which are no concern of a user's task.
      const count = 12
      const items = Array(count).fill({ begun: cell(), count })
      const pool = testPool({ backend, size: count })
      expect(await pool.map(calls('meet'), items, { chunkSize: 1 })).toHaveLength(count)
    },
    10_000,
  )

  test('makes noisy files in the order of their items, whole, and nothing else', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'noisy')
    const files = writeWavs(folder, 12)
    const results = await testPool({ backend }).map(noiseTask({ out, sigma: 0, copies: 2 }), files)
    const made = files.flatMap((file, number) => [1, 2].map((copy) => ({ file, number, copy })))
    expect(results).toHaveLength(made.length)
    for (const [index, { file, number, copy }] of made.entries()) {
      const output = path.join(out, `clean${number}.${copy}.wav`)
      expect(results[index]).toMatchObject({ input: file, output, copy, status: 'done', frames: 100 + number })
      expect(readFileSync(output)).toEqual(readFileSync(file))
    }
    expect(filesBelow(out)).toEqual(made.map(({ number, copy }) => `clean${number}.${copy}.wav`).sort())
  })
})

test('a module may be named by its path, whatever characters are in it', async () => {
  // Windows has no names with a question mark.
  const file = path.join(temporaryFolder(), isWindows ? 'a #1 100% ü.mjs' : 'a #1 100% ü?.mjs')
  writeFileSync(file, 'export const halve = (number) => number / 2')
  expect(await testPool({ backend: 'workers' }).map(moduleTask(file, 'halve'), [2, 4])).toEqual([1, 2])
})

describe('a wrong call is refused', () => {
  const invalid = (option: string) => ({ code: 'E_OPTION_INVALID', option })
  const poolOptions: [what: string, options: unknown, error: object][] = [
    // 1024 is the most threads that libuv has too.
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1025, '4'].map((size): (typeof poolOptions)[number] => [
      `size ${size}`,
      { size },
      invalid('size'),
    ]),
    ['backend gpu', { backend: 'gpu' }, invalid('backend')],
    ['kernel cuda', { kernel: 'cuda' }, invalid('kernel')],
    ['threads', { threads: 2 }, { code: 'E_OPTION_UNKNOWN', option: 'threads' }],
    ...[null, 4, 'workers', []].map((options): (typeof poolOptions)[number] => [
      `${JSON.stringify(options)} as options`,
      options,
      invalid('options'),
    ]),
  ]

  test.each(poolOptions)('by the constructor: %s', (_, options, error) => {
    expect(() => new Pool(options as never)).toThrow(expect.objectContaining(error))
  })

  test('with a kernel that cannot be had, saying so', () => {
    vi.stubEnv('NOISEMILL_WASM', 'off')
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    const refusal = {
      code: 'E_KERNEL_UNAVAILABLE',
      option: 'kernel',
      message: expect.stringMatching(/NOISEMILL_WASM is off/),
    }
    for (const backend of ['workers', 'inline'] as const)
      expect(() => new Pool({ backend, kernel: 'wasm' })).toThrow(expect.objectContaining(refusal))
  })

  const runs: [what: string, parts: { task?: unknown; items?: unknown; options?: unknown }, error: object][] = [
    ...[0, -1, 1.5, Number.NaN, 1_000_001, '4', 'all', null].map((chunkSize): (typeof runs)[number] => [
      `chunkSize ${typeof chunkSize} ${chunkSize}`,
      { options: { chunkSize } },
      invalid('chunkSize'),
    ]),
    ...['text', null, undefined, 7, {}, () => [1]].map((items): (typeof runs)[number] => [
      `items ${String(items)}`,
      { items },
      invalid('items'),
    ]),
    ...[(item: number) => item, {}, null, undefined, 'double'].map((task): (typeof runs)[number] => [
      `task ${String(task)}`,
      { task },
      invalid('task'),
    ]),
    ['errors "x"', { options: { errors: 'x' } }, invalid('errors')],
    ['a signal that is an AbortController', { options: { signal: new AbortController() } }, invalid('signal')],
    ['options null', { options: null }, invalid('options')],
    ['a chunksize', { options: { chunksize: 4 } }, { code: 'E_OPTION_UNKNOWN', option: 'chunksize' }],
  ]

  test.each([
    [function countPrimes() {}, 'the function countPrimes', 'countPrimes'],
    [class Primes {}, 'the function Primes', 'Primes'],
    [() => {}, 'a function', 'NAME'],
    [Object.defineProperty(() => {}, 'name', { value: "a'\u202e" }), 'a function', 'NAME'],
    [(() => {}).bind(null), 'a function', 'NAME'],
  ])('if the task is a function, with what to do: %s', async (task, what, name) => {
    const { message } = await testPool()
      .map(task as never, [1])
      .catch((error) => error)
    expect(message).toBe(
      `task: invalid option: expected a task of noiseTask or moduleTask but got ${what}. A function cannot be sent to a ` +
        `thread: export it from its module, and pass moduleTask(import.meta.url, '${name}').`,
    )
  })

  test.each(runs)('by each way to run: %s', async (_, parts, error) => {
    const pool = testPool()
    const { task, items, options } = { task: calls('double'), items: [1], options: {}, ...parts } as never
    const refusal = expect.objectContaining(error)
    await expect(pool.map(task, items, options)).rejects.toThrow(refusal)
    expect(() => pool.imap(task, items, options)).toThrow(refusal)
    expect(() => pool.imapUnordered(task, items, options)).toThrow(refusal)
  })

  const url = new URL('../support/tasks/calls.mjs', import.meta.url)
  const tasks: [what: string, values: unknown[], option: string][] = [
    ['a relative path', ['../support/tasks/calls.mjs'], 'url'],
    ['an address of the web', [new URL('https://example.org/a.js')], 'url'],
    ['a function', [(item: number) => item], 'url'],
    ['an empty name', [url, ''], 'name'],
    ['a setup that is a function', [url, 'multiply', { setup: () => 1 }], 'setup'],
  ]

  test.each(tasks)('by moduleTask: %s', (_, values, option) => {
    const [at, name, options] = values as [URL, string, ModuleTaskOptions]
    expect(() => moduleTask(at, name, options)).toThrow(expect.objectContaining(invalid(option)))
  })

  test('by moduleTask: an option that there is not', () => {
    const refusal = { code: 'E_OPTION_UNKNOWN', option: 'sharing' }
    expect(() => moduleTask(url, 'same', { sharing: 1 } as never)).toThrow(expect.objectContaining(refusal))
  })
})

describeThreads('map [%s]', (backend) => {
  test('goes on behind a slow item, however many items there are', async () => {
    const gate = cell()
    const items: object[] = numbers(500).map((value) => ({ value }))
    items[0] = { value: 0, waitsFor: gate }
    items[499] = { value: 499, opens: gate }
    const options = { chunkSize: 1, concurrency: 2 }
    expect(await testPool({ backend, size: 1 }).map(calls('pass'), items, options)).toEqual(numbers(500))
  })
})
