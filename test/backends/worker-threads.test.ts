/** The addon in several worker threads at once, and the end of such a thread in the middle of its work. */

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { type FileItem, type NoiseOptions, noiseTask } from '../../dist/index.js'
import { describeNative } from '../support/backends.js'
import { copiesOf, writeLongWav, writeWavs } from '../support/files.js'
import { filesBelow, hashesBelow, isTemporary, temporaryFolder } from '../support/folders.js'
import { testPool } from '../support/pools.js'
import { bySize, isOwn } from '../support/size.js'
import { numbers } from '../support/sources.js'
import { isWindows } from '../support/systems.js'
import { until } from '../support/waiting.js'

interface ThreadRun {
  readonly items: readonly FileItem[]
  readonly options: NoiseOptions
}

function startThread(size: number, runs: readonly ThreadRun[]): Worker {
  const worker = new Worker(new URL('../support/tasks/noise-thread.mjs', import.meta.url), {
    workerData: { runs, size },
  })
  onTestFinished(async () => {
    await worker.terminate()
  })
  return worker
}

const ends = ['terminate', 'exit', 'throw'] as const

/** Ends a thread, and waits until it is gone. */
async function end(worker: Worker, how: (typeof ends)[number]): Promise<void> {
  const gone = new Promise<number>((resolve) => worker.once('exit', resolve))
  const thrown = how === 'throw' ? once(worker, 'error') : undefined
  if (how === 'terminate') await worker.terminate()
  else worker.postMessage(how)
  expect(await gone).toBe(how === 'exit' ? 5 : 1)
  if (thrown) expect(await thrown).toMatchObject([{ message: 'thrown in the middle' }])
}

function runTask(file: string, argument: string) {
  const program = fileURLToPath(new URL(`../support/tasks/${file}`, import.meta.url))
  return spawnSync(process.execPath, [program, argument], { encoding: 'utf8' })
}

const sigma = { sigma: 0.1, seed: 4 }
/** More short outputs than are made by the time that the test looks for some of them. */
const SHORT = 10_000

describeNative('a worker thread', () => {
  test('writes what the main thread does, with several of them at work at once', async () => {
    const folder = temporaryFolder()
    const files = writeWavs(folder, 60, 20_000)
    const outs = numbers(4).map((number) => path.join(folder, `${number}`))
    const [mainOut, ...threadOuts] = outs
    const threads = threadOuts.map((out, i) => startThread(i + 1, [{ items: files, options: { ...sigma, out } }]))
    const messages = threads.map((thread) => once(thread, 'message'))
    const results = await testPool({ backend: 'native' }).map(noiseTask({ ...sigma, out: mainOut }), files)
    const all = [results.map(({ status }) => status), ...(await Promise.all(messages)).flat()]
    expect(all).toEqual(outs.map(() => files.map(() => 'done')))
    const expected = hashesBelow(mainOut)
    for (const out of threadOuts) expect(hashesBelow(out)).toEqual(expected)
  })

  test.each(ends)('that ends by %s in the middle gives up its long files and all behind them', async (how) => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const long = writeLongWav(folder)
    const runs = [
      { items: copiesOf(long, path.join(out, 'one'), 1), options: sigma },
      { items: copiesOf(long, path.join(out, 'many'), 500), options: sigma },
    ]
    // One thread; as many as there are files under way; more than those, so that all are cut files.
    for (const size of [1, 3, 9]) {
      const worker = startThread(size, runs)
      await until(() => filesBelow(out).filter(isTemporary).length >= Math.min(size, 3))
      await end(worker, how)
      const left = filesBelow(out)
      expect(left.filter(isTemporary)).toEqual([])
      expect(left.length).toBeLessThan(100)
    }
  })

  test.each(ends)('that ends by %s among short files does so, however often, and the others go on', async (how) => {
    const folder = temporaryFolder()
    const files = writeWavs(folder, 40, 5_000)
    const out = (name: string | number) => path.join(folder, 'out', `${name}`)
    const options = { ...sigma, overwrite: true }
    // All at once; Windows does not let one replace what another is replacing.
    const goingOuts = numbers(30).map((run) => out(isWindows ? `going-${run}` : 'going'))
    const again = goingOuts.map((out) => ({ items: files, options: { ...options, out } }))
    const going = startThread(2, again)
    const statuses = once(going, 'message')
    const pool = testPool({ backend: 'native', size: 3 })
    const main = pool.map(noiseTask({ ...sigma, out: out('main') }), files)
    // A little later each time: before, among and between files.
    for (const time of numbers(8).filter((time) => isOwn(time, 0, 2))) {
      const worker = startThread(3, [{ items: copiesOf(files[0], out(time), SHORT), options: sigma }])
      await until(() => filesBelow(out(time)).length >= 1 + 9 * time)
      await end(worker, how)
      const left = filesBelow(out(time))
      expect(left.filter(isTemporary)).toEqual([])
      expect(left.length).toBeLessThan(SHORT)
    }
    expect((await main).map(({ status }) => status)).toEqual(files.map(() => 'done'))
    expect(new Set((await statuses)[0])).toEqual(new Set(['done']))
    const expected = hashesBelow(out('main'))
    for (const goingOut of new Set(goingOuts)) expect(hashesBelow(goingOut)).toEqual(expected)
  })

  test('that ends as soon as it has begun does so, however often', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const [input] = writeWavs(folder, 1)
    for (const time of numbers(10)) {
      const worker = startThread(4, [{ items: copiesOf(input, path.join(out, `${time}`), 50), options: sigma }])
      await once(worker, 'online')
      if (time % 2 === 1) await until(() => filesBelow(path.join(out, `${time}`)).length > 0)
      await worker.terminate()
    }
    expect(filesBelow(out).filter(isTemporary)).toEqual([])
  })

  test.each(['files', 'slices', 'crews'])(
    'that is terminated while the addon is at its %s takes nothing with it',
    async (what) => {
      for (const time of numbers(10).filter((time) => isOwn(time, 0, 3))) {
        const worker = new Worker(new URL('../support/tasks/queueing-thread.mjs', import.meta.url), {
          workerData: what,
        })
        await once(worker, 'message')
        // Some of these come while it reads a list, which takes it long.
        await setTimeout(5 * time)
        expect(await worker.terminate()).toBe(1)
      }
    },
  )

  // So often, since few of them come in the middle of a call.
  test('that is terminated between short batches takes nothing with it', () => {
    const { status, signal, stdout } = runTask('terminate-often.mjs', `${bySize(60, 200)}`)
    expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: 'alive\n' })
  })
})

describeNative('libuv threads that others keep busy', () => {
  test.each(['2', '8'])('do not keep a pool of %s waiting', (size) => {
    expect(runTask('busy-libuv.mjs', size).stdout).toBe('noise\n')
  })
})
