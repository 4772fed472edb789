/** What threads keep of tasks, when they release it, and the teardown of functions. */

import { expect, onTestFinished, test } from 'vitest'
import { type ModuleTaskOptions, Pool } from '../../dist/index.js'
import { describeThreads, describeWorkers, testPool } from '../support/pools.js'
import { quote, runNode } from '../support/programs.js'
import { cell, lasting, load } from '../support/tasks.js'
import { turns, until } from '../support/waiting.js'

const url = new URL('../support/tasks/lasting.mjs', import.meta.url)
const MEGABYTE = 1024 * 1024

/** The warnings of teardowns in the running test. */
function teardownWarnings(): string[] {
  const heard: string[] = []
  const hear = (warning: NodeJS.ErrnoException) => {
    if (warning.code === 'W_TEARDOWN_FAILED') heard.push(warning.message)
  }
  process.on('warning', hear)
  onTestFinished(() => {
    process.off('warning', hear)
  })
  return heard
}

describeThreads('a thread [%s]', (backend) => {
  const onePool = () => testPool({ backend, size: 1 })

  test('keeps small data of several tasks, so that setup runs once', async () => {
    const pool = onePool()
    const opened = cell()
    const tasks = ['a', 'b'].map((name) => lasting('use', { setup: 'open', data: { opened, name } }))
    for (let round = 0; round < 3; round++)
      for (const [i, task] of tasks.entries()) expect(await pool.map(task, [round])).toEqual([['ab'[i], round]])
    expect(load(opened)).toBe(2)
  })

  test('releases large data of a task when another is used, and gets them again', async () => {
    const pool = onePool()
    const [opened, otherOpened] = [cell(), cell()]
    const large = { setup: 'open', data: { opened, name: 'large', bytes: new Uint8Array(17 * MEGABYTE) } }
    const task = lasting('use', large)
    const other = lasting('use', { setup: 'open', data: { opened: otherOpened, name: 'small' } })
    for (let round = 0; round < 3; round++) await pool.map(task, [1, 2])
    expect(load(opened)).toBe(1)
    await pool.map(other, [1])
    expect(await pool.map(task, [3])).toEqual([['large', 3]])
    await pool.map(other, [1])
    expect([load(opened), load(otherOpened)]).toEqual([2, 1])
  })

  test('does not release large data of a run that waits for items', async () => {
    const pool = onePool()
    const [opened, otherOpened] = [cell(), cell()]
    const task = (counter: Int32Array) =>
      lasting('use', { setup: 'open', data: { opened: counter, name: 'a', bytes: new Uint8Array(17 * MEGABYTE) } })
    const waiting = pool.imap(
      task(opened),
      (function* () {
        for (;;) yield 1
      })(),
      { chunkSize: 1 },
    )
    await waiting.next()
    await pool.map(task(otherOpened), [1])
    for (let i = 0; i < 200; i++) await waiting.next()
    await waiting.return()
    expect([load(opened), load(otherOpened)]).toEqual([1, 1])
  })

  test('counts no shared memory as data', async () => {
    const pool = onePool()
    const opened = cell()
    const shared = new Uint8Array(new SharedArrayBuffer(17 * MEGABYTE))
    const task = lasting('use', { setup: 'open', data: { opened, name: 'a', shared } })
    await pool.map(task, [1])
    await pool.map(lasting('use', { setup: 'open', data: { name: 'b' } }), [1])
    await pool.map(task, [1])
    expect(load(opened)).toBe(1)
  })

  test('calls the teardown when the task is no longer referenced', () => {
    const { stdout } = runNode(
      `
      const pool = new noisemill.Pool({ size: 2, backend: ${quote(backend)} })
      const closed = new Int32Array(new SharedArrayBuffer(4))
      const options = { setup: 'openCounted', teardown: 'close', data: { opened: closed.slice(), closed } }
      const once = (opened) => pool.map(
        noisemill.moduleTask(${quote(url.href)}, 'same', { ...options, data: { opened, closed } }), [1, 2, 3], { chunkSize: 1 })
      const opened = new Int32Array(new SharedArrayBuffer(4))
      await once(opened)
      while (Atomics.load(closed, 0) < Atomics.load(opened, 0)) {
        gc()
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      console.log(Atomics.load(opened, 0) > 0)
      await pool.terminate()
    `,
      { flags: ['--expose-gc'] },
    )
    expect(stdout).toBe('true\n')
  })
})

test('a task that is no longer referenced after its pool was terminated has no teardown', () => {
  const { stdout } = runNode(
    `
      const [opened, closed] = [new Int32Array(new SharedArrayBuffer(4)), new Int32Array(new SharedArrayBuffer(4))]
      const options = () => ({ setup: 'openCounted', teardown: 'close', data: { opened, closed } })
      async function terminated() {
        const pool = new noisemill.Pool({ backend: 'inline' })
        await pool.map(noisemill.moduleTask(${quote(url.href)}, 'same', options()), [1])
        await pool.terminate()
        return pool
      }
      const pool = await terminated()
      for (let round = 0; round < 60; round++) {
        gc()
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      console.log(pool.backend, opened[0], closed[0])
    `,
    { flags: ['--expose-gc'] },
  )
  expect(stdout).toBe('inline 1 0\n')
})

const COLLECTED = `
  async function isCollected(ref) {
    for (let round = 0; round < 4000 && ref.deref() !== undefined; round++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      gc()
    }
    return ref.deref() === undefined
  }
`

test('imap keeps no item of a chunk that has ended after its value was taken', () => {
  const { stdout } = runNode(
    `
      ${COLLECTED}
      const pool = new noisemill.Pool({ size: 1, backend: 'workers' })
      let first
      function* items() {
        for (let i = 0; i < 50; i++) {
          const item = { i }
          first ??= new WeakRef(item)
          yield item
        }
      }
      let taken = 0
      for await (const _ of pool.imap(noisemill.moduleTask(${quote(url.href)}, 'same'), items(), { chunkSize: 50 }))
        if (++taken === 40) console.log(await isCollected(first))
      await pool.close()
    `,
    { flags: ['--expose-gc'] },
  )
  expect(stdout).toBe('true\n')
})

test('map keeps no item behind a slow one after its call has ended', () => {
  const { stdout } = runNode(
    `
      ${COLLECTED}
      const pool = new noisemill.Pool({ size: 2, backend: 'workers' })
      const gate = new Int32Array(new SharedArrayBuffer(4))
      async function* items() {
        yield { waitsFor: gate }
        let second = { value: 1 }
        const ref = new WeakRef(second)
        yield second
        second = undefined
        yield* Array(20).fill({ value: 2 })
        console.log(await isCollected(ref))
        yield { value: 3, opens: gate }
      }
      const task = noisemill.moduleTask(${quote(new URL('calls.mjs', url).href)}, 'pass')
      console.log((await pool.map(task, items(), { chunkSize: 1 })).length)
      await pool.close()
    `,
    { flags: ['--expose-gc'] },
  )
  expect(stdout).toBe('true\n23\n')
})

test('memory stays bounded over many tasks with large data, one after the other', () => {
  const { stdout } = runNode(`
    const pool = new noisemill.Pool({ size: 2, backend: 'workers' })
    const before = process.memoryUsage().rss
    let peak = 0
    for (let i = 0; i < 15; i++) {
      const data = new Float64Array(50_000_000 / 8).fill(i)
      await pool.map(noisemill.moduleTask(${quote(url.href)}, 'dataItself', { data }), [1, 2, 3, 4])
      peak = Math.max(peak, process.memoryUsage().rss)
    }
    console.log((peak - before) / 1e6)
    await pool.close()
  `)
  // Two threads and the caller need 150 MB at the same time; kept by the threads, it would be 1,500 MB.
  expect(Number(stdout)).toBeLessThan(400)
})

describeThreads('teardown [%s]', (backend) => {
  const counted = (options: ModuleTaskOptions = {}) => {
    const [opened, closed] = [cell(), cell()]
    const task = lasting('same', { setup: 'openCounted', teardown: 'close', data: { opened, closed }, ...options })
    return { task, opened, closed }
  }

  test('is called once in each thread by close, which waits for it', async () => {
    const pool = new Pool({ backend, size: 2 })
    const { task, opened, closed } = counted()
    await pool.map(task, [1, 2, 3, 4], { chunkSize: 1 })
    expect(load(closed)).toBe(0)
    await pool.close()
    expect(load(opened)).toBeGreaterThan(0)
    expect(load(closed)).toBe(load(opened))
  })

  test('gets the data without setup', async () => {
    const pool = new Pool({ backend, size: 1 })
    const closed = cell()
    expect(await pool.map(lasting('add', { teardown: 'closeData', data: { added: 2, closed } }), [1])).toEqual([3])
    await pool.close()
    expect(load(closed)).toBe(1)
  })

  test('is called when large data make room for those of another task', async () => {
    const pool = testPool({ backend, size: 1 })
    const [opened, closed] = [cell(), cell()]
    const data = { opened, closed, bytes: new Uint8Array(17 * MEGABYTE) }
    await pool.map(lasting('same', { setup: 'openCounted', teardown: 'close', data }), [1])
    await pool.map(lasting('use', { setup: 'open', data: {} }), [1])
    await until(() => load(closed) === 1)
  })

  test('is not called by terminate', async () => {
    const pool = new Pool({ backend, size: 1 })
    const { task, closed } = counted()
    await pool.map(task, [1])
    await pool.terminate()
    expect(load(closed)).toBe(0)
  })

  test('that throws is a warning', async () => {
    const heard = teardownWarnings()
    const pool = new Pool({ backend, size: 1 })
    await pool.map(lasting('same', { teardown: 'failToClose' }), [1])
    await pool.close()
    await turns(1)
    expect(heard).toEqual([
      `"failToClose" of ${url.href} threw still open. What the function should have closed or written may be left as it was.`,
    ])
  })

  test('that never ends is given up by terminate after close', async () => {
    const heard = teardownWarnings()
    const pool = new Pool({ backend, size: 1 })
    await pool.map(lasting('same', { teardown: 'neverClose' }), [1])
    const closing = pool.close()
    await turns()
    await pool.terminate()
    await closing
    await turns(1)
    expect(heard).toEqual([])
  })

  test('that is not exported fails items before they begin', async () => {
    const pool = testPool({ backend, size: 1 })
    const opened = cell()
    const task = lasting('use', { setup: 'open', teardown: 'absent', data: { opened } })
    await expect(pool.map(task, [1])).rejects.toMatchObject({
      code: 'E_TASK_LOAD',
      message: /"absent", not a function/,
    })
    expect(load(opened)).toBe(0)
    await pool.close()
  })
})

test('teardown that never ends delays close for a limited time, with a warning', async () => {
  const heard = teardownWarnings()
  const pools = (['inline', 'workers'] as const).map((backend) => new Pool({ backend, size: 1 }))
  for (const pool of pools) await pool.map(lasting('same', { teardown: 'neverClose' }), [1])
  await Promise.all(pools.map((pool) => pool.close()))
  await turns(1)
  const warning = expect.stringMatching(/^a teardown did not end within 5 s\./)
  expect(heard).toEqual([warning, warning])
})

describeWorkers('teardown [%s]', (backend) => {
  test('that ends its worker is a warning', async () => {
    const heard = teardownWarnings()
    const pool = new Pool({ backend, size: 1 })
    await pool.map(lasting('same', { teardown: 'exit' }), [1])
    await pool.close()
    await turns(1)
    expect(heard).toEqual([
      expect.stringMatching(/^a worker ended while it called teardowns: the (thread|process) exited with code 3\. /),
    ])
  })
})

test('teardown is not called by a thread that dies', async () => {
  const heard = teardownWarnings()
  const pool = new Pool({ backend: 'workers', size: 1 })
  const died = { code: 'E_WORKER_DIED' }
  await expect(pool.map(lasting('exit', { teardown: 'failToClose' }), [1])).rejects.toMatchObject(died)
  await pool.close()
  expect(heard).toEqual([])
})

test.each([1, '', null, () => {}])('teardown cannot be %s', (teardown) => {
  const option = { code: 'E_OPTION_INVALID', option: 'teardown' }
  expect(() => lasting('use', { teardown } as never)).toThrow(expect.objectContaining(option))
  expect(() => lasting('use', { setup: teardown } as never)).toThrow(
    expect.objectContaining({ ...option, option: 'setup' }),
  )
})
