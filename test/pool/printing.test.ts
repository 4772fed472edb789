/** The process prints what functions print in their threads, even at the end of the pool or of the process. */

import { expect, test } from 'vitest'
import { linesOf, programFor, quote, type Running, start } from '../support/programs.js'
import { bySize } from '../support/size.js'
import { numbers } from '../support/sources.js'

const taskOf = (name: string) =>
  `noisemill.moduleTask(${quote(new URL('../support/tasks/printing.mjs', import.meta.url).href)}, ${quote(name)})`

/** Runs a program that has a pool of two threads, or several, and items that print so many lines. */
const run = (body: string): Running =>
  start([
    process.execPath,
    '--input-type=module',
    '--eval',
    programFor(`
      const poolOf = () => new noisemill.Pool({ backend: 'workers', size: 2 })
      const itemsOf = (count, lines) => Array.from({ length: count }, (_, name) => ({ name, lines }))
      ${body}`),
  ])

/** The lines of each item, in their order. Items print at the same time, so lines of two may be mixed. */
function expectLines(text: string, items: number, lines: number, times = 1): void {
  const byItem = numbers(items).map((item) => linesOf(text).filter((line) => line.startsWith(`${item} `)))
  const expected = numbers(items).map((item) =>
    numbers(times).flatMap(() => numbers(lines).map((line) => `${item} ${line}`)),
  )
  expect(byItem).toEqual(expected)
  expect(linesOf(text)).toHaveLength(items * lines * times)
}

async function expectPrinted(body: string, items: number, lines: number, times = 1): Promise<void> {
  const { code, stdout, stderr } = await run(body).ended
  expect(code).toBe(0)
  expectLines(stdout, items, lines, times)
  expectLines(stderr, items, lines, times)
}

const POOLS = bySize(4, 12)

test.each(['pool.close()', 'pool.terminate()', 'pool[Symbol.asyncDispose]()'])(
  'all lines are there after %s, of several pools',
  async (end) => {
    const body = `
      for (let i = 0; i < ${POOLS}; i++) {
        const pool = poolOf()
        await pool.map(${taskOf('print')}, itemsOf(2, 40), { chunkSize: 1 })
        await ${end}
      }`
    await expectPrinted(body, 2, 40, POOLS)
  },
)

test.each([
  ['by itself', ''],
  ['by process.exit()', 'process.exit()'],
])('all lines are there when the process ends with its run, %s', async (_, end) => {
  const body = `
    await poolOf().map(${taskOf('print')}, itemsOf(2, 40), { chunkSize: 1 })
    ${end}`
  for (const _ of numbers(POOLS)) await expectPrinted(body, 2, 40)
})

test.each(['close', 'terminate'])('thousands of lines are there after %s', async (end) => {
  const body = `
    const pool = poolOf()
    await pool.map(${taskOf('print')}, itemsOf(2, 4000), { chunkSize: 1 })
    await pool.${end}()`
  await expectPrinted(body, 2, 4000)
})

test('lines that a function prints at the end of its turn are there after close', async () => {
  const body = `
    for (let i = 0; i < ${POOLS}; i++) {
      const pool = poolOf()
      await pool.map(${taskOf('printLater')}, itemsOf(1, 40))
      await pool.close()
    }`
  await expectPrinted(body, 1, 40, POOLS)
})

test('lines of a function that waits for something are there after it was cut off by terminate', async () => {
  const body = `
    for (let i = 0; i < ${POOLS}; i++) {
      const pool = poolOf()
      const [begun, waitsFor] = [new Int32Array(new SharedArrayBuffer(4)), new Int32Array(new SharedArrayBuffer(4))]
      const items = itemsOf(1, 40).map((item) => ({ ...item, begun, waitsFor }))
      pool.map(${taskOf('printAndPass')}, items).catch(() => {})
      while (Atomics.load(begun, 0) === 0) await new Promise(setImmediate)
      await pool.terminate()
    }`
  await expectPrinted(body, 1, 40, POOLS)
})

test.each(['end', 'cork', 'destroy', 'replace'])(
  'a run ends though a function has spoilt its stream: %s',
  async (how) => {
    const body = `
    const pool = poolOf()
    process.exitCode = (await pool.map(${taskOf('spoil')}, [${quote(how)}])).length
    await pool.close()`
    const { code, stderr } = await run(body).ended
    expect([code, stderr]).toEqual([1, ''])
  },
)

test('runs end though nobody reads what their functions print', async () => {
  const running = run(`
    let isGone = false
    process.stdout.on('error', () => { isGone = true })
    console.log('begun')
    const pool = poolOf()
    const print = ${taskOf('print')}
    while (!isGone) await pool.map(print, itemsOf(2, 40))
    await pool.map(print, itemsOf(2, 4000))
    await pool.close()
    console.error('ended')`)
  running.child.stdout.once('data', () => running.child.stdout.destroy())
  const { code, stderr } = await running.ended
  expect({ code, last: linesOf(stderr).at(-1) }).toEqual({ code: 0, last: 'ended' })
})
