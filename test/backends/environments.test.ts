/**
 * Native work shares libuv's pool with the rest of its process: it runs with any size of that pool, and leaves room for
 * other work.
 */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { noiseTask, Pool } from '../../dist/index.js'
import { describeNative } from '../support/backends.js'
import { writeLongWav, writeWavs } from '../support/files.js'
import { filesBelow, hashesBelow, isTemporary, sharedFolder, temporaryFolder } from '../support/folders.js'
import { programFor, quote, runNode, TIMEOUT_MILLISECONDS } from '../support/programs.js'
import { isRoot } from '../support/systems.js'
import { formats, sine, wav } from '../support/wav.js'

/** Runs a program in a Node of its own whose libuv pool has this size. */
const runWith = (size: string, body: string) => runNode(body, { env: { UV_THREADPOOL_SIZE: size } })

/**
 * How many of libuv's threads noise may use is measured by waiting some milliseconds for each, which may be too short on a
 * busy machine. Then they are measured again, in another process.
 */
function expectFound(expected: readonly number[], measure: () => readonly number[]): void {
  let found = measure()
  for (let again = 0; again < 9 && found.some((threads, i) => threads < expected[i]); again++) found = measure()
  expect(found).toEqual(expected)
}

/** Some short files, and one in three parts. */
function writeMixed(folder: string): string[] {
  const long = path.join(folder, 'three-parts.wav')
  writeFileSync(long, wav({ data: sine(formats[1], 9 * 2 ** 19) }))
  return [...writeWavs(folder, 6), long, ...writeWavs(folder, 12).slice(6)]
}

const manifest = fileURLToPath(new URL('../../package.json', import.meta.url))

/**
 * Reads files and looks up a name over and over, and says whether `running` was still under way when all of that was
 * done.
 */
const others = `
  import { readFile } from 'node:fs/promises'
  import { lookup } from 'node:dns/promises'
  import { readdirSync } from 'node:fs'
  import { setTimeout } from 'node:timers/promises'
  async function doOtherThings(running) {
    let isOver = false
    running.catch(() => {}).finally(() => { isOver = true })
    for (let i = 0; i < 20; i++) {
      await readFile(${quote(manifest)})
      await lookup('localhost')
    }
    console.log(isOver ? 'too late' : 'meanwhile')
  }
  async function until(condition) { while (!condition()) await setTimeout(1) }
  const temporaries = (out) => readdirSync(out).filter((name) => name.endsWith('.tmp')).length`

describeNative('a process', () => {
  describe('runs a batch to its end', () => {
    const folder = sharedFolder()
    const files = writeMixed(folder)
    const expected = path.join(folder, 'expected')
    beforeAll(async () => {
      await using pool = new Pool({ backend: 'workers', size: 2 })
      await pool.map(noiseTask({ out: expected, snr: 10, seed: 3 }), files)
    })

    // Node's default is 4; libuv takes what is no number for 1, and has 1024 at most.
    test.each(['0', '1', '4', '64', '1024', 'text', ''])('with UV_THREADPOOL_SIZE=%s', (size) => {
      const threads = { 4: 2, 64: 8, 1024: 8 }[size] ?? 0
      expectFound([threads], () => {
        const out = path.join(temporaryFolder(), 'out')
        const program = `
        const task = noisemill.noiseTask({ out: ${quote(out)}, snr: 10, seed: 3 })
        const pool = new noisemill.Pool({ backend: 'native', size: 8 })
        const results = await pool.map(task, ${quote(files)})
        console.log(results.filter(({ status }) => status === 'done').length)
        console.log(pool.info.libuvThreads)`
        const { status, stdout, stderr } = runWith(size, program)
        const [done, found] = stdout.split('\n')
        expect({ status, done, stderr }).toEqual({ status: 0, done: `${files.length}`, stderr: '' })
        expect(hashesBelow(out)).toEqual(hashesBelow(expected))
        return [Number(found)]
      })
    })
  })

  test('goes on reading files and looking up names while a batch runs', () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    mkdirSync(out)
    const program = `${others}
      const pool = new noisemill.Pool({ backend: 'native', size: 8 })
      const items = Array.from({ length: 100 }, (_, i) => ({ input: ${quote(writeLongWav(folder))}, output: ${quote(out)} + '/' + i }))
      const controller = new AbortController()
      const running = pool.map(noisemill.noiseTask({ sigma: 0.1 }), items, { signal: controller.signal })
      await until(() => temporaries(${quote(out)}) >= 4)
      await doOtherThings(running)
      controller.abort()`
    expect(runWith('4', program)).toMatchObject({ status: 0, signal: null, stdout: 'meanwhile\n', stderr: '' })
    expect(filesBelow(out).length).toBeLessThan(100)
    expect(filesBelow(out).filter(isTemporary)).toEqual([])
  })

  test('has several pools at once, and still reads files and looks up names', () => {
    expectFound([1, 2, 2, 2], measureSeveral)
  })

  function measureSeveral(): number[] {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    mkdirSync(out)
    const files = writeMixed(folder)
    // Each pool comes while the others are at work, and larger ones after smaller ones: threads at work must not be
    // taken for none.
    const program = `${others}
      const long = ${quote(writeLongWav(folder))}
      const controller = new AbortController()
      const pools = []
      const longRuns = []
      for (const size of [1, 2, 4, 8]) {
        const pool = new noisemill.Pool({ backend: 'native', size })
        pools.push(pool)
        const items = Array.from({ length: 100 }, (_, i) => ({ input: long, output: ${quote(out)} + '/' + size + '-' + i }))
        const running = pool.map(noisemill.noiseTask({ sigma: 0.1 }), items, { signal: controller.signal })
        running.catch(() => {})
        longRuns.push(running)
        await until(() => readdirSync(${quote(out)}).some((name) => name.startsWith('.' + size + '-')))
      }
      await doOtherThings(Promise.race(longRuns))
      controller.abort()
      await Promise.allSettled(longRuns)
      const all = await Promise.all(pools.map((pool) =>
        pool.map(noisemill.noiseTask({ out: ${quote(`${folder}/`)} + pool.info.size, sigma: 0.1, seed: 1 }), ${quote(files)})))
      console.log(all.flat().filter(({ status }) => status === 'done').length)
      console.log(pools.map(({ info }) => info.libuvThreads).join())`
    const { status, stdout, stderr } = runWith('4', program)
    const [when, done, found] = stdout.split('\n')
    const expected = { status: 0, when: 'meanwhile', done: `${4 * files.length}`, stderr: '' }
    expect({ status, when, done, stderr }).toEqual(expected)
    const [first, ...rest] = [1, 2, 4, 8].map((size) => hashesBelow(path.join(folder, `${size}`)))
    for (const hashes of rest) expect(hashes).toEqual(first)
    return found.split(',').map(Number)
  }

  const hasPrlimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0
  test.skipIf(!hasPrlimit).each(['1', '4'])(
    'that gets no more threads from the system works with the %s of libuv (needs prlimit)',
    async (size) => {
      const folder = temporaryFolder()
      const files = writeMixed(folder)
      const out = path.join(folder, 'out')
      mkdirSync(out)
      // The superuser may have any number of threads, so in that case it is somebody else.
      chmodSync(folder, 0o755)
      chmodSync(out, 0o777)
      const program = `
      import { readFile } from 'node:fs/promises'
      import { once } from 'node:events'
      // Threads that there are by now are all there will be.
      const pool = new noisemill.Pool({ backend: 'native', size: 8 })
      await readFile(${quote(files[0])})
      process.send('ready')
      await once(process, 'message')
      for (let round = 0; round < 3; round++) {
        const task = noisemill.noiseTask({ out: ${quote(out)} + '/' + round, sigma: 0.1, seed: 3 })
        const results = await pool.map(task, ${quote(files)})
        process.send(results.filter(({ status }) => status === 'done').length)
      }
      process.disconnect()`
      const child = spawn(process.execPath, ['--input-type=module', '--eval', programFor(program)], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: { ...process.env, UV_THREADPOOL_SIZE: size },
        timeout: TIMEOUT_MILLISECONDS,
        killSignal: 'SIGKILL',
        ...(isRoot && { uid: 65_534 }),
      })
      const messages: unknown[] = []
      child.on('message', (message) => {
        messages.push(message)
        if (message !== 'ready') return
        spawnSync('prlimit', ['--pid', `${child.pid}`, '--nproc=1:1'])
        child.send('go on')
      })
      expect(await once(child, 'exit')).toEqual([0, null])
      expect(messages).toEqual(['ready', files.length, files.length, files.length])
    },
  )
})
