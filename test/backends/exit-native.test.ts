/** Processes that end while native threads work, those of libuv and those of the crew. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { describeNative } from '../support/backends.js'
import { writeLongWav, writeWavs } from '../support/files.js'
import { filesBelow, isTemporary, sha256OfFile, temporaryFolder } from '../support/folders.js'
import { programFor, quote, runNode } from '../support/programs.js'
import { linuxTest } from '../support/systems.js'
import { until } from '../support/waiting.js'

interface Folder {
  readonly out: string
  /** A program that has begun a batch of long files (with a pool of 6) and waits until four of them are under way. */
  readonly program: string
}

function longBatch(): Folder {
  const folder = temporaryFolder()
  const out = path.join(folder, 'out')
  mkdirSync(out)
  const program = `
    import { readdirSync } from 'node:fs'
    import { setTimeout } from 'node:timers/promises'
    const pool = new noisemill.Pool({ backend: 'native', size: 6 })
    const items = Array.from({ length: 500 }, (_, i) => ({ input: ${quote(writeLongWav(folder))}, output: ${quote(out)} + '/' + i }))
    const begin = (chunkSize) => pool.map(noisemill.noiseTask({ sigma: 0.1 }), items, { chunkSize })
    const underWay = async () => {
      while (readdirSync(${quote(out)}).filter((name) => name.endsWith('.tmp')).length < 4) await setTimeout(1)
    }`
  return { out, program }
}

const flags = ['--unhandled-rejections=throw']

describeNative('a process in the middle of long files', () => {
  const ends: [string, string, number][] = [
    ['process.exit', 'process.exit(7)', 7],
    ['process.exit in a listener of exit', `process.on('exit', () => process.exit(8)); process.exit(7)`, 8],
    [
      'an exception that nobody catches',
      `setImmediate(() => { throw new Error('uncaught') }); await setTimeout(60_000)`,
      1,
    ],
    ['a rejection that nobody handles', `Promise.reject(new Error('unhandled')); await setTimeout(60_000)`, 1],
  ]
  // The race of threads with the end of their process is run several times.
  test.each(ends)('that ends by %s leaves no temporary file', (_, end, code) => {
    for (const chunkSize of [1, 10, 500, 1]) {
      const { out, program } = longBatch()
      const ended = runNode(`${program}\nbegin(${chunkSize}).catch(() => {})\nawait underWay()\n${end}`, { flags })
      expect(ended).toMatchObject({ status: code, signal: null, stdout: '' })
      expect(filesBelow(out).filter(isTemporary)).toEqual([])
      expect(filesBelow(out).length).toBeLessThan(100)
    }
  })

  test('that ends with worker threads at work leaves no temporary file', () => {
    const { out, program } = longBatch()
    const thread = new URL('../support/tasks/noise-thread.mjs', import.meta.url).href
    const body = `${program}
      import { Worker } from 'node:worker_threads'
      for (const size of [1, 3]) {
        const runs = [{ items: items.map(({ input, output }) => ({ input, output: output + '-' + size })), options: { sigma: 0.1 } }]
        new Worker(new URL(${quote(thread)}), { workerData: { runs, size }, execArgv: [] })
      }
      await underWay()
      process.exit(7)`
    expect(runNode(body, { flags })).toMatchObject({ status: 7, signal: null, stdout: '', stderr: '' })
    expect(filesBelow(out).filter(isTemporary)).toEqual([])
  })

  test('that is told to terminate by a signal dies of it, and leaves only whole files', async () => {
    const { out, program } = longBatch()
    const body = programFor(`${program}\nawait begin(10)`)
    const child = spawn(process.execPath, ['--input-type=module', '--eval', body], { stdio: 'ignore' })
    const exited = once(child, 'exit')
    await until(() => filesBelow(out).filter(isTemporary).length >= 4)
    child.kill('SIGTERM')
    expect(await exited).toEqual([null, 'SIGTERM'])
    const whole = filesBelow(out).filter((name) => !isTemporary(name))
    expect(new Set(whole.map((name) => readFileSync(path.join(out, name)).length)).size).toBeLessThanOrEqual(1)
  })
})

describeNative('pools that are forgotten', () => {
  // Only Linux tells how many threads there are.
  linuxTest('leave no threads, no files open, and no reason to stay (needs Linux)', () => {
    const folder = temporaryFolder()
    const files = writeWavs(folder, 8)
    const program = `
      import { readdirSync } from 'node:fs'
      import { setTimeout } from 'node:timers/promises'
      const task = noisemill.noiseTask({ out: ${quote(`${folder}/out`)}, sigma: 0.1, overwrite: true })
      const count = (what) => readdirSync('/proc/self/' + what).length
      const references = []
      async function use(round) {
        const pool = new noisemill.Pool({ backend: 'native', size: 1 + round % 6 })
        if (round % 4 === 0) return
        const results = await pool.map(task, ${quote(files)}, { chunkSize: 1 + round % 3 })
        if (results.some(({ status }) => status !== 'done')) throw new Error('not done')
        references.push(new WeakRef(pool))
      }
      await use(3)
      await setTimeout(20)
      const [tasks, open] = [count('task'), count('fd')]
      for (let round = 0; round < 120; round++) {
        await use(round)
        if (round % 5 === 0) gc()
      }
      while (count('task') > tasks || count('fd') > open) await setTimeout(1)
      gc()
      await setTimeout(1)
      gc()
      console.log(references.length, references.filter((pool) => pool.deref()).length < 10)`
    expect(runNode(program, { flags: ['--expose-gc'] })).toMatchObject({ status: 0, stdout: '91 true\n', stderr: '' })
  })

  test('are not collected while they work', () => {
    const folder = temporaryFolder()
    const files = writeWavs(folder, 200, 3000)
    const program = `
      const timer = setInterval(gc, 1)
      const start = (size) =>
        new noisemill.Pool({ backend: 'native', size }).map(noisemill.noiseTask({ out: ${quote(`${folder}/`)} + size, sigma: 0.1, seed: 2 }), ${quote(files)})
      const all = await Promise.all([1, 2, 3, 8].map(start))
      clearInterval(timer)
      console.log(all.flat().filter(({ status }) => status === 'done').length)`
    expect(runNode(program, { flags: ['--expose-gc'] })).toMatchObject({ status: 0, stdout: '800\n', stderr: '' })
    const hashes = [1, 2, 3, 8].map((size) => sha256OfFile(path.join(folder, `${size}`, 'clean199.wav')))
    expect(new Set(hashes).size).toBe(1)
  })

  test('and remembered again find their threads gone, and others', () => {
    const folder = temporaryFolder()
    const files = writeWavs(folder, 12)
    const program = `
      import { setTimeout } from 'node:timers/promises'
      const pool = new noisemill.Pool({ backend: 'native', size: 5 })
      let done = 0
      for (let round = 0; round < 60; round++) {
        const task = noisemill.noiseTask({ out: ${quote(`${folder}/out`)}, sigma: 0.1, overwrite: true })
        const results = await pool.map(task, ${quote(files)}, { chunkSize: 4 })
        done += results.filter(({ status }) => status === 'done').length
        // Now and then they are met on their way out, else they are gone.
        if (round % 3 === 0) await setTimeout(round % 2)
      }
      console.log(done)`
    expect(runNode(program)).toMatchObject({ status: 0, stdout: '720\n', stderr: '' })
  })
})
