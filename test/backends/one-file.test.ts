/** A program in a single file, which exports its task and runs a pool on it. */

import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.js'
import { describePlaces, describeWorkers } from '../support/pools.js'
import { quote, TIMEOUT_MILLISECONDS } from '../support/programs.js'

const index = new URL('../../dist/index.js', import.meta.url).href

function run(body: string, second = '') {
  const folder = temporaryFolder()
  const file = path.join(folder, 'program.mjs')
  const imports = `import { writeFileSync } from 'node:fs'
import { threadId } from 'node:worker_threads'
import { isPoolWorker, moduleTask, Pool } from ${quote(index)}
writeFileSync(${quote(path.join(folder, 'thread-'))} + process.pid + '-' + threadId + '-' + Math.random(), '')
export const double = (n) => 2 * n
const task = moduleTask(import.meta.url, 'double')
`
  writeFileSync(file, imports + body)
  writeFileSync(path.join(folder, 'second.mjs'), imports + second)
  const options = { encoding: 'utf8', timeout: TIMEOUT_MILLISECONDS, killSignal: 'SIGKILL' } as const
  const ended = spawnSync(process.execPath, [file], options)
  return { ...ended, threads: readdirSync(folder).filter((name) => name.startsWith('thread-')).length }
}

describeWorkers('a program in one file [%s]', (backend) => {
  const simple = `const pool = new Pool({ backend: ${quote(backend)}, size: 2 })
console.log(await pool.map(task, [1, 2, 3]))
`

  test('without a guard it ends with an error that shows the guard, and no thread starts another', () => {
    const { status, stdout, stderr, threads } = run(simple)
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain('E_TASK_NESTED')
    expect(stderr).toMatch(/if \(!isPoolWorker\) \{ ... \}\.$/m)
    // The main thread, and those of its pool.
    expect(threads).toBeLessThanOrEqual(3)
  })

  test('behind the guard it works', () => {
    const { status, stdout, stderr, threads } = run(`if (!isPoolWorker) {\n${simple}await pool.close()\n}`)
    expect([status, stdout, stderr]).toEqual([0, '[ 2, 4, 6 ]\n', ''])
    expect(threads).toBeLessThanOrEqual(3)
  })

  test('a task may use a pool of its own once it is loaded, on its own module too', () => {
    const { status, stdout, stderr } = run(`
export async function outer(n) {
  const pool = new Pool({ backend: ${quote(backend)}, size: 1 })
  const values = await pool.map(task, [n, n + 1])
  await pool.close()
  return values
}
if (!isPoolWorker) {
  const pool = new Pool({ backend: ${quote(backend)}, size: 2 })
  console.log(await pool.map(moduleTask(import.meta.url, 'outer'), [1, 10]))
  await pool.close()
}`)
    expect([status, stdout, stderr]).toEqual([0, '[ [ 2, 4 ], [ 20, 22 ] ]\n', ''])
  })

  /** A program without a guard, which starts its pool when its module may be loaded already. */
  const unguarded = (end: string, before: string) => `
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
const end = new URL('./end', import.meta.url)
export const slow = async (n) => {
  while (!existsSync(end)) await new Promise((resolve) => setTimeout(resolve, 20))
  return n
}
async function main() {
  ${before}
  const pool = new Pool({ backend: ${quote(backend)}, size: 2 })
  console.log(await pool.map(moduleTask(import.meta.url, 'slow'), [1, 2]))
  await pool.close()
}
main()${end}
`

  const CAUGHT = ".catch(({ code }) => { console.error(code); writeFileSync(end, '') })"

  test.each([
    ['at once', CAUGHT, '', 3],
    ['after the module is loaded', CAUGHT, "await readdir('.')", 7],
  ])('a function that starts a pool %s is stopped after a few threads', (_, end, before, most) => {
    const { status, stdout, stderr, threads } = run(unguarded(end, before))
    expect(status).toBe(0)
    expect(stdout).toContain('[ 1, 2 ]\n')
    expect(new Set(stderr.trim().split('\n'))).toEqual(new Set(['E_TASK_NESTED']))
    // The main thread, those of its pool, and those of each of their pools.
    expect(threads).toBeLessThanOrEqual(most)
  })

  test('a function that starts a pool, and whose error nothing catches, ends the program with the guard', () => {
    const { status, stderr } = run(unguarded('', "await readdir('.')"))
    expect(status).toBe(1)
    expect(stderr).toContain('E_TASK_NESTED')
    expect(stderr).toContain('if (!isPoolWorker) { ... }.')
  })

  test('a pool that a module starts long after it was loaded works, although the module was loaded by a pool', () => {
    const { stdout, stderr } = run(
      `const second = moduleTask(new URL('./second.mjs', import.meta.url), 'double')
const pool = new Pool({ backend: 'inline' })
console.log(await pool.map(second, [1]))
await pool.close()
const { later } = await import('./second.mjs')
console.log(await later)`,
      `export const later = new Promise((resolve) => {
  if (!isPoolWorker) setTimeout(async () => {
    const pool = new Pool({ backend: ${quote(backend)}, size: 1 })
    resolve(await pool.map(task, [2]).catch(({ code }) => code))
    await pool.close()
  }, 100)
})`,
    )
    expect([stdout, stderr]).toEqual(['[ 2 ]\n[ 4 ]\n', ''])
  })

  test('works beside a pool that loads the same module inline', () => {
    const { stdout, stderr } = run(
      `const second = moduleTask(new URL('./second.mjs', import.meta.url), 'double')
const pools = ['inline', ${quote(backend)}].map((backend) => new Pool({ backend, size: 1 }))
console.log(await Promise.all(pools.map((pool) => pool.map(second, [1]))))
await Promise.all(pools.map((pool) => pool.close()))`,
      'if (!isPoolWorker) await new Promise((resolve) => setTimeout(resolve, 200))',
    )
    expect([stdout, stderr]).toEqual(['[ [ 2 ], [ 2 ] ]\n', ''])
  })

  test.each([
    ['by another URL', "import.meta.url + '?' + Math.random()"],
    ['by way of a second module', "new URL('./second.mjs', import.meta.url)"],
  ])('a module that runs a pool on itself %s is told so', (_, url) => {
    const body = (of: string) => `const pool = new Pool({ backend: ${quote(backend)}, size: 2 })
console.log(await pool.map(moduleTask(${of}, 'double'), [1, 2, 3]))
`
    const { status, stderr, threads } = run(body(url), body("new URL('./program.mjs', import.meta.url)"))
    expect(status).toBe(1)
    expect(stderr).toContain('E_TASK_NESTED')
    // The main thread, those of its pool, and where there is a second module those of each of their pools.
    expect(threads).toBeLessThanOrEqual(7)
  })
})

describePlaces('a pool [%s]', (backend) => {
  test('leaves promise hooks off, which would slow every await', () => {
    const { stdout, stderr } = run(
      `import { hooked } from './second.mjs'
if (!isPoolWorker) {
  const pool = new Pool({ backend: ${quote(backend)}, size: 1 })
  const second = moduleTask(new URL('./second.mjs', import.meta.url), 'hooked')
  console.log(await pool.map(second, [1, 2]), await hooked())
  await pool.close()
}`,
      `import { executionAsyncId } from 'node:async_hooks'
// Promises have numbers of their own only while Node runs hooks for them.
export const hooked = async () => {
  await null
  const before = executionAsyncId()
  await null
  return executionAsyncId() !== before
}`,
    )
    expect([stdout, stderr]).toEqual(['[ false, false ] false\n', ''])
  })
})
