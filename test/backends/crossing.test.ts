/** Values that are sent to another thread: every backend delivers the same, and losses are reported. */

import { Blob } from 'node:buffer'
import vm from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import { type ModuleTaskOptions, moduleTask } from '../../dist/index.js'
import { describePlaces, describeThreads, testPool } from '../support/pools.js'
import { quote, runNode } from '../support/programs.js'
import { numbers } from '../support/sources.js'

const url = new URL('../support/tasks/values.mjs', import.meta.url)
// biome-ignore lint/suspicious/noExplicitAny: values of all types are what this is about
const task = (name: string, options?: ModuleTaskOptions) => moduleTask<any, any>(url, name, options)

/** What the process is warned of in the running test. */
function heardWarnings() {
  const heard: NodeJS.ErrnoException[] = []
  const hear = (warning: Error) => heard.push(warning)
  process.on('warning', hear)
  onTestFinished(() => {
    process.off('warning', hear)
  })
  return async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return heard.filter(({ name }) => name === 'NoisemillWarning').map(({ code, message }) => ({ code, message }))
  }
}

class DateTime {
  year = 2020
  toISO() {
    return '2020'
  }
}

/** The longest array that there can be, with one element at its end. */
function sparse(): unknown[] {
  const array: unknown[] = []
  array[2 ** 32 - 2] = 1
  return array
}

class Matrix extends Array<number> {}
class Cache extends Map<string, number> {}
class BrokenPipe extends TypeError {}

const loop: Record<string, unknown> = { when: 1 }
loop.self = loop

/** Values that cross whole. */
const kept: readonly (readonly [string, unknown])[] = [
  ['plain data', { a: [1, 'b', null, undefined, true, 2n, { c: {} }] }],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
  ['a circle', loop],
  ['a Date, a RegExp, an Error', [new Date(0), /a/g, new RangeError('b')]],
  ['Map and Set, with more inside', new Map([[{ a: 1 }, new Set([new Date(1)])]])],
  ['bytes', [new Uint8Array(3), new ArrayBuffer(2), new DataView(new ArrayBuffer(1)), new BigInt64Array(1)]],
  ['boxed values', [Object(1), Object('a'), Object(true)]],
  ['a Blob', new Blob(['a'])],
  [
    'plain data of another realm',
    vm.runInNewContext('[{ a: new Date(0) }, new Map([[1, new Uint8Array(2)]]), new TypeError("a")]'),
  ],
  [
    'a getter, of which the value arrives',
    {
      get a() {
        return 1
      },
    },
  ],
]

/** Values that lose something, where that is, and what is told of it. */
const lost: readonly (readonly [unknown, string])[] = [
  [{ options: { when: new DateTime() } }, '.options.when: a DateTime would arrive as a plain object'],
  [[[new URL('file:///a')]], '[0][0]: a URL would arrive as a plain object'],
  [new DateTime(), ': a DateTime would arrive as a plain object'],
  [{ m: Matrix.of(1, 2) }, '.m: a Matrix would arrive as an Array'],
  [new Cache(), ': a Cache would arrive as a Map'],
  [{ 'a b': new BrokenPipe('c') }, '["a b"]: a BrokenPipe would arrive as a TypeError'],
  [[Buffer.from('a')], '[0]: a Buffer would arrive as a Uint8Array'],
  [new Map([['k', new DateTime()]]), '.get("k"): a DateTime would arrive as a plain object'],
  [new Map([[new DateTime(), 1]]), '.keys()[0]: a DateTime would arrive as a plain object'],
  [new Set([1, new DateTime()]), '[1]: a DateTime would arrive as a plain object'],
  [{ a: { [Symbol('b')]: 1 } }, '.a: an object would arrive without its symbol keys'],
  [{ e: Object.assign(new Error('a'), { code: 'E_A' }) }, '.e: an Error would arrive without code'],
  [vm.runInNewContext('({ a: new (class Point {})() })'), '.a: a Point would arrive as a plain object'],
  [new (class {})(), ': an object without a named class would arrive as a plain object'],
]

/** A list of objects, each inside the one before, and a value inside the last. */
function nested(levels: number, last: object): object {
  let outer = last
  for (let i = 0; i < levels; i++) outer = { next: outer }
  return outer
}

function detached(): Float32Array {
  const samples = new Float32Array(2)
  structuredClone(samples, { transfer: [samples.buffer] })
  return samples
}

const promise = Promise.resolve(1)

/** Values that cannot cross, and why. */
const refused: readonly (readonly [unknown, string])[] = [
  [{ a: [{ done() {} }] }, '.a[0].done: a function cannot be copied'],
  [() => 1, ': a function cannot be copied'],
  [{ inside: Symbol('a') }, '.inside: a symbol cannot be copied'],
  [[new WeakMap()], '[0]: a WeakMap cannot be copied'],
  [{ p: Promise.resolve(1) }, '.p: a Promise cannot be copied'],
  [new Map([['k', { f() {} }]]), '.get("k").f: a function cannot be copied'],
  [Object.assign(new DateTime(), { f() {} }), '.f: a function cannot be copied'],
  [
    {
      get a() {
        throw new Error('not now')
      },
    },
    ': copying it fails with not now',
  ],
  [nested(60, { f() {} }), `${'.next'.repeat(60)}.f: a function cannot be copied`],
  [[promise, Object.assign(new DateTime(), { promise })], '[0]: a Promise cannot be copied'],
  [[new DateTime(), Object.assign(new DateTime(), { p: promise })], '[1].p: a Promise cannot be copied'],
  [Object.assign(Promise.resolve(1), { name: 'a' }), ': a Promise cannot be copied'],
  [{ p: new Proxy({}, {}) }, '.p: a proxy cannot be copied'],
  [{ a: [detached()] }, '.a[0]: a Float32Array has no memory, because it was transferred before'],
  [{ day: Object.assign(new Date(0), { f() {} }), w: new WeakMap() }, '.w: a WeakMap cannot be copied'],
  [{ e: new Error('a', { cause: () => 1 }) }, '.e.cause: a function cannot be copied'],
  [Object.assign(sparse(), { f() {} }), '.f: a function cannot be copied'],
  [Object.assign(sparse(), { 7: () => 1 }), '[7]: a function cannot be copied'],
  [[...Array(1_000_000).fill(0), () => 1], ': copying it fails with () => 1 could not be cloned'],
]

describePlaces('values on the way [%s]', (backend) => {
  const run = (items: readonly unknown[], options?: ModuleTaskOptions, name = 'same') =>
    testPool({ backend }).map(task(name, options), items, { errors: 'collect', chunkSize: items.length })

  // Node keeps a Blob in the memory of its process.
  const keptHere = backend === 'processes' ? kept.filter(([name]) => name !== 'a Blob') : kept

  test.each(keptHere)('cross whole and without a warning, strict or not: %s', async (_, value) => {
    const warnings = heardWarnings()
    for (const strict of [true, false]) {
      const [record] = await run([value], { strict, data: value })
      expect(record).toMatchObject({ status: 'done' })
      expect(record.status === 'done' && record.value).toEqual(structuredClone(value))
    }
    expect(await warnings()).toEqual([])
  })

  test.each(lost)('are told where they lose something, by their path: %o', async (value, text) => {
    const warnings = heardWarnings()
    const records = await run([1, value, 3, value])
    expect(records.map(({ status }) => status)).toEqual(Array(4).fill('done'))
    const [{ code, message }, ...others] = await warnings()
    expect(others).toEqual([])
    expect(code).toBe('W_CLASS_LOST')
    expect(message).toContain(`same of ${url.href}: items[1]${text}. `)
  })

  test.each(lost)('are errors in a strict task, each of its own: %o', async (value, text) => {
    const warnings = heardWarnings()
    const records = await run([1, value, [value], 4], { strict: true })
    expect(records).toMatchObject([
      { status: 'done', value: 1 },
      { error: { code: 'E_NOT_CLONEABLE', index: 1, received: `items[1]${text}` } },
      { error: { code: 'E_NOT_CLONEABLE', index: 2, received: `items[2][0]${text}` } },
      { status: 'done', value: 4 },
    ])
    expect(records[1].item).toBe(value)
    expect(await warnings()).toEqual([])
  })

  test('are refused each with its own reason and path', async () => {
    const records = await run([0, ...refused.map(([value]) => value), 9])
    expect(records.map((record) => (record.status === 'done' ? record.value : record.error.received))).toEqual([
      0,
      ...refused.map(([, reason], i) => `items[${i + 1}]${reason}`),
      9,
    ])
    expect(
      records.slice(1, -1).every((record) => record.status === 'failed' && record.error.code === 'E_NOT_CLONEABLE'),
    ).toBe(true)
  })

  test('are read four times at most to tell why they are refused, however deep that is', async () => {
    let reads = 0
    const counted = {
      get n() {
        reads++
        return {}
      },
      f() {},
    }
    const [record] = await run([nested(30, counted)])
    expect(record).toMatchObject({
      error: { received: `items[0]${'.next'.repeat(30)}.f: a function cannot be copied` },
    })
    // For the check of classes, for the look for buffers, for the attempt to copy, and for the search. For processes
    // another attempt, and a search for shared memory.
    expect(reads).toBeLessThanOrEqual(backend === 'processes' ? 6 : 4)
  })

  test('may be sparse arrays in a strict task, of which only the elements are looked at', async () => {
    const [last] = Object.keys(sparse())
    const records = await run([sparse(), Object.assign(sparse(), { 9: new DateTime() })], { strict: true })
    expect(
      records.map((record) => (record.status === 'done' ? Object.keys(record.value) : record.error.received)),
    ).toEqual([[last], 'items[1][9]: a DateTime would arrive as a plain object'])
  })

  test('are told where it is a result', async () => {
    const warnings = heardWarnings()
    const sorts = ['kept', 'instance', 'url', 'function']
    const [first, instance, , failed] = await run(sorts, {}, 'give')
    expect(first).toMatchObject({ value: new Map([['when', new Date(0)]]) })
    expect(instance).toMatchObject({ value: { list: [1, { value: 1 }] } })
    expect(failed).toMatchObject({ error: { received: 'result.done.call: a function cannot be copied', index: 3 } })
    const told = await warnings()
    expect(told).toHaveLength(1)
    // One of the two that lose their class; which one ends first, threads decide.
    expect(told[0].message).toMatch(
      /item (1: result\.list\[1\]: a Reading|2: result: a URL) would arrive as a plain object\. /,
    )

    const strict = await run([...sorts, 'buffer'], { strict: true }, 'give')
    expect(strict.map((record) => record.status === 'failed' && record.error.received)).toEqual([
      false,
      'result.list[1]: a Reading would arrive as a plain object',
      'result: a URL would arrive as a plain object',
      'result.done.call: a function cannot be copied',
      'result: a Buffer would arrive as a Uint8Array',
    ])
    expect(await warnings()).toHaveLength(1)
  })

  test('are told where it is the data of a task, once a run', async () => {
    const warnings = heardWarnings()
    const data = { clock: new DateTime() }
    const pool = testPool({ backend })
    for (let i = 0; i < 2; i++)
      expect(await pool.map(task('classOf', { data: data.clock }), [1, data])).toEqual(['Object', 'Object'])
    const told = await warnings()
    expect(told).toHaveLength(2)
    expect(told[0].message).toContain('data: a DateTime would arrive as a plain object')
    const records = await run([1, 2], { data, strict: true })
    const error = { code: 'E_NOT_CLONEABLE', received: 'data.clock: a DateTime would arrive as a plain object' }
    expect(records).toMatchObject([{ error }, { error }])
    const refusedData = await run([1, 2], { data: { call() {} } })
    const reason = { code: 'E_NOT_CLONEABLE', received: 'data.call: a function cannot be copied' }
    expect(refusedData).toMatchObject([{ error: reason }, { error: reason }])
  })

  test('are looked at up to a thousand in an item, and all of them in a strict task', async () => {
    const warnings = heardWarnings()
    const at = (place: number) => [...numbers(place), new DateTime()]
    await run([at(1000)])
    expect(await warnings()).toEqual([])
    await run([at(999)])
    expect(await warnings()).toHaveLength(1)
    expect(await run([at(100_000)], { strict: true })).toMatchObject([
      { error: { received: 'items[0][100000]: a DateTime would arrive as a plain object' } },
    ])
  })

  test('are copies: a function cannot change what its caller has, nor the other way', async () => {
    const item = { changed: false }
    const pool = testPool({ backend, size: 1 })
    expect(await pool.map(task('change'), [item, item], { chunkSize: 1 })).toEqual([false, false])
    expect(item).toEqual({ changed: false })
    const given = await pool.map(task('giveShared'), [1, 2], { chunkSize: 1 })
    given[0].count = 5
    expect(given[1]).toEqual({ count: 0 })
    expect(await pool.map(task('giveShared'), [3])).toEqual([{ count: 0 }])
  })
})

describeThreads('values on the way [%s]', (backend) => {
  test('may lie in shared memory, which stays shared', async () => {
    const shared = new Int32Array(new SharedArrayBuffer(4))
    const [same] = await testPool({ backend }).map(task('same', { strict: true }), [shared])
    Atomics.store(shared, 0, 7)
    expect(Atomics.load(same, 0)).toBe(7)
  })
})

test('the first array in a process is not copied to learn how arrays arrive', async () => {
  const { stdout, stderr } = runNode(`
    let reads = 0
    const item = [{ get n() { return ++reads } }]
    const pool = new noisemill.Pool({ backend: 'workers', size: 1 })
    await pool.map(noisemill.moduleTask(${quote(url.href)}, 'same'), [item])
    console.log(reads)
    await pool.terminate()`)
  // The check of classes reads the property, and so do the look for buffers and the crossing.
  expect({ stdout, stderr }).toEqual({ stdout: '3\n', stderr: '' })
})

test('strict is true or false', () => {
  expect(() => task('same', { strict: 1 as never })).toThrow(/strict/)
})
