import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Place, Size } from '../../bench/harness/workload.js'
import { digestOf } from '../../bench/programs/pool/digest.js'
import * as functions from '../../bench/programs/pool/functions.js'
import { functionNamed, mapTasks } from '../../bench/programs/pool/libraries.js'
import { BAD_ITEM, VALUE_ITEMS, type ValueKind, valueItems, valueWork } from '../../bench/programs/pool/values.js'
import { sharesOf, sum, works } from '../../bench/programs/pool/works.js'
import { pitfalls } from '../../bench/workloads/pitfalls.js'
import { pool } from '../../bench/workloads/pool.js'

const sizes: readonly Size[] = ['short', 'full']

for (const workload of [...pitfalls, ...pool]) {
  for (const size of sizes) {
    const contenders = workload.contenders(size).filter(({ isOnlyInFull }) => size === 'full' || !isOnlyInFull)

    test(`${workload.name}, ${size}: names and labels are unique, and the reference is among them`, () => {
      if (size === 'full' || pitfalls.includes(workload)) expect(contenders.length).toBeGreaterThan(1)
      if (contenders.length === 0) return
      const names = contenders.map(({ name }) => name)
      const labels = contenders.map(({ label }) => label)
      expect(new Set(names).size).toBe(names.length)
      expect(new Set(labels).size).toBe(labels.length)
      expect(names).toContain(workload.reference)
      expect(labels.filter((label) => label.endsWith(', ') || label === '')).toEqual([])
    })
  }
}

test('the contenders of a pitfall are equal work, but for values that cannot cross', () => {
  for (const workload of pitfalls) {
    const groups = new Set(workload.contenders('full').map(({ outputs }) => outputs))
    if (workload.name === 'pitfall-values') expect([...groups]).toEqual([undefined])
    else expect(groups).not.toContain(undefined)
  }
})

test('no library of tasks has all items of much work at a time', () => {
  const place = { inputs: '', out: '', build: '', size: 'full' } as unknown as Place
  for (const name of ['pitfall-overhead', 'pitfall-data']) {
    const contenders = pitfalls.find((each) => each.name === name)!.contenders('full')
    const others = contenders.filter(({ name }) => /^(piscina|tinypool|poolifier|workerpool)-/.test(name))
    expect(others.length).toBeGreaterThanOrEqual(8)
    for (const { command } of others) expect(command(place).args.at(-1)).toMatch(/"mostTasks":\d/)
  }
})

test('the points of a curve have different sizes of chunks, from one item on', () => {
  const { contenders } = pitfalls.find(({ name }) => name === 'pitfall-chunks')!
  for (const size of sizes) {
    const points = contenders(size).filter(({ x }) => x !== undefined)
    const names = new Set(points.map(({ series }) => series))
    expect(names.size).toBe(6)
    for (const name of names) {
      const xs = points.filter(({ series }) => series === name).map(({ x }) => x!)
      expect(xs).toEqual([...new Set(xs)].sort((a, b) => a - b))
      expect(xs[0]).toBe(1)
    }
  }
})

test('works have a length of 1 on average, and the same items in another order', () => {
  const sorted = Object.values(works).map((work) => work(1000).sort((a, b) => a - b))
  for (const lengths of sorted) {
    expect(sum(lengths)).toBeCloseTo(1000)
    expect(lengths).toEqual(sorted[0])
  }
  expect(sum(sorted[0].slice(-10)) / 1000).toBeCloseTo(0.75)
})

test('shares have every item once, and none could end much earlier', () => {
  const lengths = works.shuffled(1000)
  for (const workers of [1, 2, 7]) {
    const shares = sharesOf(lengths, workers)
    expect(shares.flat().sort((a, b) => a - b)).toEqual([...lengths.keys()])
    const ends = shares.map((indexes) => sum(indexes.map((index) => lengths[index])))
    expect(Math.max(...ends)).toBeLessThan(sum(lengths) / workers + Math.max(...lengths))
  }
  expect(sharesOf([1, 2], 3)).toEqual([[1], [0], []])
})

test('a digest is that of float64, little endian', () => {
  const bytes = Buffer.alloc(16)
  bytes.writeDoubleLE(0.5, 0)
  bytes.writeDoubleLE(-3, 8)
  expect(digestOf([0.5, -3])).toBe(createHash('sha256').update(bytes).digest('hex'))
})

test('a number is hashed to the first 32 bits of its SHA-256', () => {
  expect(functions.hashed(7)).toBe(createHash('sha256').update('7').digest().readUInt32BE(0))
  expect(functions.hashedBatch([7, 8])).toEqual([functions.hashed(7), functions.hashed(8)])
})

test('all ways to share a table give the same result', () => {
  const expected = functions.fromTable(3, functions.makeTable())
  expect(functions.fromNewTable(3)).toBe(expected)
  expect(functions.fromOwnTable(3)).toBe(expected)
})

test('a block has its result in the first bytes', () => {
  const block = functions.block({ n: 7, rounds: 1 })
  expect(block.length).toBe(4096)
  expect(functions.resultIn(block)).toBe(functions.hashed(7))
})

test('the highest sample is an absolute value', () => {
  expect(functions.peak(Float32Array.of(0.25, -0.5, 0.375))).toBe(0.5)
  expect(functions.peak(new Float32Array(0))).toBe(0)
})

test('one item of each kind has the value, and gives what is expected', async () => {
  const failures: Partial<Record<ValueKind, unknown>> = {}
  for (const kind of Object.keys(valueWork) as ValueKind[]) {
    const { name, expected } = valueWork[kind]
    const items = await valueItems(kind)
    expect(items.map(({ n }) => n)).toEqual(Array.from({ length: VALUE_ITEMS }, (_, n) => n))
    const call = (await functionNamed(name)) as (item: (typeof items)[number]) => unknown
    expect(call(items[0])).toBe(0)
    try {
      expect(String(call(items[BAD_ITEM]))).toBe(expected)
    } catch (error) {
      failures[kind] = (error as { currency?: unknown }).currency
    }
    if (kind === 'handle') await (items[BAD_ITEM].value as { close(): Promise<void> }).close()
  }
  expect(failures).toEqual({ error: 'EUR' })
})

test('tasks have their results in the order of the items, and a limit is kept', async () => {
  let running = 0
  let most = 0
  const call = async (item: unknown) => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 5 - Number(item)))
    running--
    return 10 * Number(item)
  }
  const load = async (item: unknown) => Number(item)
  for (const mostTasks of [undefined, 2]) {
    most = 0
    const results = await mapTasks([0, 1, 2, 3, 4], call, { load, mostTasks })
    expect(results).toEqual([0, 10, 20, 30, 40])
    expect(most).toBe(mostTasks ?? 5)
  }
})
