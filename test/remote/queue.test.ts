/** Work by a queue on a real Redis, with workers in processes of their own. */

import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Queue } from 'bullmq'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type BullmqOptions, bullmq } from '../../dist/bullmq.js'
import {
  addNoise,
  type ItemRecord,
  moduleTask,
  noiseTask,
  Pool,
  type TransformResult,
  transformTask,
} from '../../dist/index.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, temporaryFolder } from '../support/folders.js'
import { linesOf, noisemill, programFor, quote, start } from '../support/programs.js'
import { hasRedis, KEY, newQueue, redisTest, sharedRedis, startWork } from '../support/redis.js'
import { bySize } from '../support/size.js'
import { until } from '../support/waiting.js'
import { pcm16 } from '../support/wav.js'

const server = sharedRedis()
const tasks = fileURLToPath(new URL('../support/tasks/remote.mjs', import.meta.url))

/** Makes a pool that sends its work to a queue. */
function queuePool(queue: string, options: BullmqOptions = {}): Pool {
  const pool = new Pool({ backend: bullmq({ queue, redis: server.url, key: KEY, size: 4, ...options }) })
  onTestFinished(() => pool.terminate())
  return pool
}

/** Writes short files in some folders. */
function writeInputs(folder: string, count: number): void {
  const files = Array.from({ length: count }, (_, i) => [`${i % 7}/${i}.wav`, pcm16(200 + i)] as const)
  writeFiles(folder, Object.fromEntries(files))
}

/** Folders for a run by a queue, and for the same run on this machine. */
function folders(count: number) {
  const folder = temporaryFolder()
  const [read, write, local] = ['speech', 'noisy', 'local'].map((name) => path.join(folder, name))
  writeInputs(read, count)
  mkdirSync(write)
  return { folder, read, write, local }
}

const settings = ['--snr', '5:20', '--seed', '7', '--quiet']
const addTo = (queue: string, read: string, write: string, ...more: string[]) =>
  noisemill(['add', read, '--out', write, ...settings, '--queue', queue, ...more], {
    env: { NOISEMILL_REDIS: server.url, NOISEMILL_QUEUE_KEY: KEY },
  })

/** The keys of a queue in Redis that have jobs. */
const jobsIn = (queue: string) => server.with(async (client) => (await client.keys(`noisemill:${queue}:*.*`)).length)

describe('files', () => {
  redisTest('have the bytes of a run on this machine, and nothing stays in Redis', async () => {
    const { read, write, local } = folders(500)
    const queue = newQueue()
    const workers = [1, 2].map(() => startWork(server, queue, ['--read', read, '--write', write, '--jobs', '1']))
    expect(await addTo(queue, read, write)).toEqual({ code: 0, stdout: '', stderr: '' })
    await noisemill(['add', read, '--out', local, ...settings])
    expect(hashesBelow(write)).toEqual(hashesBelow(local))
    expect(filesBelow(write)).toHaveLength(500)
    for (const worker of workers) await worker.stop()
    const ended = await Promise.all(workers.map((worker) => worker.ended))
    for (const { code, stdout, stderr } of ended) {
      expect([code, stderr]).toEqual([0, ''])
      expect(linesOf(stdout)[0]).toMatch(
        /^takes jobs from queue-\d+ at redis:\/\/127\.0\.0\.1:\d+\/; native backend, 1 at a time$/,
      )
    }
    expect(await jobsIn(queue)).toBe(0)
  })

  redisTest('get noise from recordings that each machine has in a folder of its own', async () => {
    const { folder, read, write, local } = folders(40)
    const [noise, copy] = ['noise', 'elsewhere/noise'].map((name) => path.join(folder, name))
    // The default rate of `pcm16` is that of the inputs.
    for (const place of [noise, copy])
      writeFiles(place, Object.fromEntries([1, 2, 3, 4].map((n) => [`${n % 2}/${n}.wav`, pcm16(90 * n)])))
    const recipe = (from: string) => ({
      layers: [
        { name: 'babble', noise: { from, voices: [2, 3] }, snr: [0, 10] },
        { name: 'steps', noise: { from: [`${from}/0`], gap: [0.05, 0.1] }, snr: 3 },
        { name: 'hiss', kind: 'pink', snr: 20 },
      ],
    })
    const [own, theirs] = ['own.json', 'theirs.json'].map((name) => path.join(folder, name))
    writeFileSync(own, JSON.stringify(recipe(noise)))
    writeFileSync(theirs, JSON.stringify(recipe(copy)))
    const cases = [
      { flags: ['--noise', noise, '--snr', '5', '--stems', 'clean,noise'], have: ['--noise', copy] },
      { flags: ['--recipe', own], have: ['--recipe', theirs] },
    ]
    for (const [i, { flags, have }] of cases.entries()) {
      const [there, here] = [path.join(write, `${i}`), path.join(local, `${i}`)]
      mkdirSync(there)
      const queue = newQueue()
      const worker = startWork(server, queue, ['--read', read, '--write', there, ...have])
      const add = ['add', read, '--seed', '7', ...flags]
      const env = { NOISEMILL_REDIS: server.url, NOISEMILL_QUEUE_KEY: KEY }
      const remote = await noisemill([...add, '--out', there, '--queue', queue, '--quiet'], { env })
      expect(remote).toEqual({ code: 0, stdout: '', stderr: '' })
      expect(await noisemill([...add, '--out', here, '--quiet'])).toMatchObject({ code: 0 })
      expect(filesBelow(there).length).toBeGreaterThanOrEqual(40)
      expect(hashesBelow(there)).toEqual(hashesBelow(here))
      await worker.stop()
    }
  })

  redisTest('are refused by a worker with other noise files', async () => {
    const { folder, read, write } = folders(2)
    const [noise, other] = ['noise', 'other'].map((name) => path.join(folder, name))
    writeFiles(noise, { 'a.wav': pcm16(900), 'b.wav': pcm16(900) })
    writeFiles(other, { 'a.wav': pcm16(900), 'b.wav': pcm16(901) })
    for (const have of [[], ['--noise', other]]) {
      const queue = newQueue()
      const worker = startWork(server, queue, ['--read', read, '--write', write, ...have])
      const { code, stderr } = await addTo(queue, read, write, '--noise', noise)
      expect(code).toBe(1)
      const theirs = have.length === 0 ? 'none' : 'those with the hash [0-9a-f]{64}'
      expect(stderr).toMatch(new RegExp(`noise files with the hash [0-9a-f]{64}, and the worker has ${theirs}`))
      await worker.stop()
    }
    expect(filesBelow(write)).toEqual([])
  })

  redisTest('fail one by one, and the rest is done', async () => {
    const { read, write } = folders(20)
    writeFileSync(path.join(read, 'bad.wav'), 'not a WAV file')
    const queue = newQueue()
    startWork(server, queue, ['--read', read, '--write', write])
    const { code, stderr } = await addTo(queue, read, write)
    expect(code).toBe(1)
    expect(stderr).toMatch(/bad\.wav: not a RIFF WAVE file/)
    expect(filesBelow(write)).toHaveLength(20)
  })

  redisTest('that exist are kept, and are replaced only if the worker allows it', async () => {
    const { read, write, local } = folders(5)
    await noisemill(['add', read, '--out', local, ...settings])
    const existing = path.join(write, '0/0.wav')
    writeFiles(write, { '0/0.wav': Buffer.from('existing') })
    const queue = newQueue()
    const first = startWork(server, queue, ['--read', read, '--write', write])
    for (const more of [[], ['--overwrite']]) {
      const { code, stderr } = await addTo(queue, read, write, ...more)
      expect(code).toBe(1)
      expect(stderr).toMatch(/0\.wav: the output exists/)
      expect(readFileSync(existing, 'utf8')).toBe('existing')
    }
    await first.stop()
    startWork(server, queue, ['--read', read, '--write', write, '--allow-overwrite'])
    expect(await addTo(queue, read, write, '--overwrite')).toMatchObject({ code: 0 })
    expect(hashesBelow(write)).toEqual(hashesBelow(local))
  })

  redisTest('are done by another worker if one is killed, and no temporary file is left', async () => {
    const { read, write, local } = folders(0)
    // Long enough that some are in progress whenever a worker dies.
    writeFiles(read, Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`${i}.wav`, pcm16(2_000_000)])))
    const queue = newQueue()
    const flags = ['--read', read, '--write', write, '--jobs', '1', '--lease', '2000']
    const victim = startWork(server, queue, flags)
    const running = addTo(queue, read, write)
    await until(() => filesBelow(write).length > 0)
    victim.child.kill('SIGKILL')
    startWork(server, queue, flags)
    expect(await running).toEqual({ code: 0, stdout: '', stderr: '' })
    await noisemill(['add', read, '--out', local, ...settings])
    expect(hashesBelow(write)).toEqual(hashesBelow(local))
  })

  redisTest('of a worker that ends on SIGTERM are done by another', async () => {
    const { read, write, local } = folders(0)
    writeFiles(read, Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`${i}.wav`, pcm16(1_000_000)])))
    const queue = newQueue()
    const flags = ['--read', read, '--write', write, '--jobs', '1']
    const first = startWork(server, queue, flags)
    const running = addTo(queue, read, write)
    await until(() => filesBelow(write).length > 0)
    const stopped = first.stop()
    startWork(server, queue, flags)
    await stopped
    expect(await first.ended).toMatchObject({ code: 0, stderr: '' })
    expect(await running).toEqual({ code: 0, stdout: '', stderr: '' })
    await noisemill(['add', read, '--out', local, ...settings])
    expect(hashesBelow(write)).toEqual(hashesBelow(local))
  })

  redisTest('of a producer that was killed are completed by --resume', async () => {
    const { read, write, local } = folders(0)
    writeFiles(read, Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`${i}.wav`, pcm16(1_000_000)])))
    const queue = newQueue()
    startWork(server, queue, ['--read', read, '--write', write, '--jobs', '1'])
    const { startNoisemill } = await import('../support/programs.js')
    const first = startNoisemill(['add', read, '--out', write, ...settings, '--queue', queue], {
      env: { NOISEMILL_REDIS: server.url, NOISEMILL_QUEUE_KEY: KEY },
    })
    first.ended.catch(() => {})
    await until(() => filesBelow(write).some((file) => file.endsWith('.wav')), first)
    first.child.kill('SIGKILL')
    expect(await addTo(queue, read, write, '--resume')).toEqual({ code: 0, stdout: '', stderr: '' })
    await noisemill(['add', read, '--out', local, ...settings])
    expect(hashesBelow(write)).toEqual(hashesBelow(local))
  })

  redisTest('behind links that lead out of a folder are refused', async () => {
    const { folder, read, write } = folders(1)
    writeFiles(folder, { 'secret/s.wav': pcm16(100) })
    symlinkSync(path.join(folder, 'secret/s.wav'), path.join(read, 'link.wav'))
    symlinkSync(path.join(folder, 'secret'), path.join(write, '0'))
    const queue = newQueue()
    startWork(server, queue, ['--read', read, '--write', write])
    const pool = queuePool(queue, { read, write })
    const task = noiseTask({ out: write, root: read, snr: 10 })
    const items = ['link.wav', '0/0.wav'].map((name) => path.join(read, name))
    const results = await pool.map(task, items)
    expect(results.map(({ error }) => error?.code)).toEqual(['E_PATH_OUTSIDE', 'E_PATH_OUTSIDE'])
    expect(filesBelow(path.join(folder, 'secret'))).toEqual(['s.wav'])
  })

  redisTest('behind links within a folder are processed as here, and compared', async () => {
    const { folder, read, write } = folders(2)
    symlinkSync('0/0.wav', path.join(read, 'link.wav'))
    symlinkSync('1', path.join(read, 'linked'))
    const names = ['link.wav', 'linked/1.wav', '0/0.wav']
    const items = names.map((name) => path.join(read, name))
    const local = path.join(folder, 'local')
    await using here = new Pool({ size: 1 })
    await here.map(noiseTask({ out: local, root: read, snr: 10 }), items)
    const queue = newQueue()
    startWork(server, queue, ['--read', read, '--write', write])
    const pool = queuePool(queue, { read, write })
    const results = await pool.map(noiseTask({ out: write, root: read, snr: 10 }), items)
    expect(results.map(({ status }) => status)).toEqual(['done', 'done', 'done'])
    expect(hashesBelow(write)).toEqual(hashesBelow(local))

    // The worker may not replace them, and compares them with what it would write.
    renameSync(path.join(write, 'link.wav'), path.join(write, 'moved.wav'))
    symlinkSync('moved.wav', path.join(write, 'link.wav'))
    renameSync(path.join(write, '0/0.wav'), path.join(folder, 'elsewhere.wav'))
    symlinkSync('../../elsewhere.wav', path.join(write, '0/0.wav'))
    const compared = await pool.map(noiseTask({ out: write, root: read, snr: 10, overwrite: true }), items)
    expect(compared.map(({ error }) => error?.code)).toEqual([undefined, undefined, 'E_PATH_OUTSIDE'])
    // A link that leads nowhere takes the name, as here.
    rmSync(path.join(write, 'moved.wav'))
    const [taken] = await pool.map(noiseTask({ out: write, root: read, snr: 10, overwrite: true }), items.slice(0, 1))
    expect(taken.error?.code).toBe('E_OUTPUT_EXISTS')
    expect(readlinkSync(path.join(write, 'link.wav'))).toBe('moved.wav')
  })
})

/** What is compared of the records of a run. */
const shown = (records: readonly ItemRecord<number, unknown>[]) =>
  records.map((record) =>
    record.status === 'done'
      ? record
      : { ...record, error: { code: record.error.code, cause: record.error.cause, received: record.error.received } },
  )

describe('functions', () => {
  redisTest('give the results of a run on this machine: values, failures, timeouts and retries', async () => {
    const queue = newQueue()
    for (let i = 0; i < 3; i++) startWork(server, queue, ['--tasks', tasks, '--jobs', '1'])
    const task = moduleTask<number, unknown>(tasks, 'mixed')
    const items = Array.from({ length: bySize(600, 2000, 10_000) }, (_, i) => i)
    const options = { errors: 'collect', retries: 1, timeout: 2000 } as const
    const local = new Pool({ size: 2 })
    onTestFinished(() => local.terminate())
    const [remote, own] = await Promise.all([
      queuePool(queue).map(task, items, options),
      local.map(task, items, options),
    ])
    expect(shown(remote)).toEqual(shown(own))
    expect(new Set(remote.map((record) => record.status === 'failed' && record.error.code))).toEqual(
      new Set([false, 'E_TASK_FAILED', 'E_TIMEOUT']),
    )
  })

  redisTest('have setups and data, and results that JSON cannot carry fail', async () => {
    const queue = newQueue()
    startWork(server, queue, ['--tasks', tasks, '--jobs', '1'])
    const pool = queuePool(queue)
    const withSetup = moduleTask<number, number>(tasks, 'withSetup', { setup: 'prepare', data: { more: 10 } })
    expect(await pool.map(withSetup, [1, 2, 3])).toEqual([11, 12, 13])
    const bad = await pool.map(moduleTask<number, unknown>(tasks, 'badResult'), [0, 1, 2], { errors: 'collect' })
    expect(bad.map((record) => record.status === 'failed' && record.error.received)).toEqual([
      false,
      'result: JSON cannot carry a Map',
      false,
    ])
    const items = [new Date(0), 5]
    const sent = await pool.map(moduleTask<unknown, unknown>(tasks, 'badResult'), items, { errors: 'collect' })
    expect(sent[0]).toMatchObject({
      error: { code: 'E_NOT_CLONEABLE', received: 'items[0]: JSON cannot carry a Date' },
    })
    expect(sent[1]).toMatchObject({ value: 5 })
  })

  redisTest('are called again if their worker dies, and get the number of the attempt', async () => {
    const queue = newQueue()
    for (let i = 0; i < 3; i++) startWork(server, queue, ['--tasks', tasks, '--jobs', '1', '--lease', '2000'])
    expect(await queuePool(queue).map(moduleTask<number, number>(tasks, 'deadly'), [0], { chunkSize: 1 })).toEqual([3])
  })

  redisTest('that the module does not export, and other modules, are refused', async () => {
    const queue = newQueue()
    startWork(server, queue, ['--tasks', tasks, '--jobs', '1'])
    const pool = queuePool(queue)
    const codeOf = async (module: string, name: string) => {
      const [record] = await pool.map(moduleTask<number, unknown>(module, name), [1], { errors: 'collect' })
      return record.status === 'failed' && record.error.code
    }
    for (const name of ['missing', 'notAFunction', 'toString', '__proto__', 'constructor'])
      expect([name, await codeOf(tasks, name)]).toEqual([name, 'E_TASK_LOAD'])
    const other = path.join(temporaryFolder(), 'remote.mjs')
    writeFileSync(other, 'export const mixed = () => 1')
    expect(await codeOf(other, 'mixed')).toBe('E_MACHINES_DIFFER')
    const files = await pool.map(noiseTask({ out: 'out', snr: 1 }), ['a.wav'])
    expect(files[0].error?.code).toBe('E_PATH_OUTSIDE')
  })

  redisTest('that do not end are returned by a worker that is closed by force', async () => {
    const queue = newQueue()
    const pool = queuePool(queue)
    const { startWorker } = await import('../../dist/bullmq.js')
    const worker = await startWorker({ queue, redis: server.url, key: KEY, tasks, size: 1 })
    const file = path.join(temporaryFolder(), 'begun')
    writeFileSync(file, '')
    const items = [1, 2].map((n) => ({ file, n }))
    const run = pool.map(moduleTask(tasks, 'endless'), items)
    await until(() => readFileSync(file, 'utf8') !== '')
    await worker.close({ force: true })
    writeFileSync(file, 'quick')
    startWork(server, queue, ['--tasks', tasks])
    expect(await run).toEqual([1, 2])
  })

  redisTest('that are cancelled end soon', async () => {
    const queue = newQueue()
    startWork(server, queue, ['--tasks', tasks, '--jobs', '1'])
    const pool = queuePool(queue)
    const file = path.join(temporaryFolder(), 'begun')
    writeFileSync(file, '')
    const items = [1, 2, 3, 4].map((n) => ({ file, n, milliseconds: n === 1 ? 600_000 : 0 }))
    const stop = new AbortController()
    const run = pool.map(moduleTask(tasks, 'slow'), items, { signal: stop.signal, chunkSize: 1 })
    run.catch(() => {})
    await until(() => readFileSync(file, 'utf8') !== '')
    stop.abort()
    await expect(run).rejects.toMatchObject({ name: 'AbortError' })
    await pool.close()
    expect(await jobsIn(queue)).toBe(0)
  })
})

redisTest('what workers cannot do is refused with a code', async () => {
  const pool = queuePool(newQueue(), { read: '.', write: 'out' })
  await expect(addNoise(new Float32Array(10), { sigma: 0.1, pool })).rejects.toMatchObject({
    code: 'E_REMOTE_UNSUPPORTED',
  })
  const samples = { samples: new Float32Array(10), sampleRate: 8000, key: 'a' }
  const [transformed] = await pool.map(transformTask(tasks, 'mixed', { out: 'out' }), [samples])
  expect(transformed.error?.code).toBe('E_REMOTE_UNSUPPORTED')
})

describe('transforms', () => {
  const audio = fileURLToPath(new URL('../support/tasks/audio.mjs', import.meta.url))

  /** A pool whose workers serve transforms, and the folders. */
  function transforming(count: number, ...flags: string[]) {
    const all = folders(count)
    const { read, write } = all
    const queue = newQueue()
    startWork(server, queue, ['--read', read, '--write', write, '--tasks', audio, ...flags])
    startWork(server, queue, ['--read', read, '--write', write, '--tasks', audio, ...flags])
    const inputs = filesBelow(read).map((file) => path.join(read, file))
    return { ...all, queue, inputs, pool: queuePool(queue, { read, write }) }
  }

  /** One file that takes a moment. */
  function withLongFile() {
    const all = folders(0)
    writeFiles(all.read, { 'long.wav': pcm16(1_000_000) })
    return { ...all, inputs: [path.join(all.read, 'long.wav')] }
  }

  const hasEnded = (state: string) => state === 'completed' || state === 'failed'

  /** What results say, but for the paths of outputs and the time. */
  const facts = (results: readonly TransformResult[]) =>
    results.map(({ output, seconds, error, ...rest }) => ({ ...rest, code: error?.code }))

  redisTest('have the bytes and the results of a run on this machine', async () => {
    const { read, write, local, inputs, pool } = transforming(30)
    writeFileSync(path.join(read, 'bad.wav'), 'not a WAV file')
    const items = [...inputs, path.join(read, 'bad.wav')]
    await using here = new Pool({ size: 2 })
    const cases = [
      ['gain', { data: 0.5, copies: 2 }],
      ['gaussian', { blocks: 100, seed: 3 }],
      ['toStereo', { noise: { before: { snr: 10 }, after: { kind: 'pink', dbfs: -40 } }, seed: 'x' }],
      ['decimate', { dryRun: true }],
    ] as const
    for (const [name, options] of cases) {
      const [there, own] = [write, local].map((folder) => path.join(folder, name))
      const run = (pool: Pool, out: string) =>
        pool.map(transformTask(audio, name, { ...options, out, root: read }), items)
      const [remote, expected] = [await run(pool, there), await run(here, own)]
      expect(facts(remote)).toEqual(facts(expected))
      expect(facts(remote).filter(({ code }) => code === undefined)).not.toEqual([])
      if (!('dryRun' in options)) expect(hashesBelow(there)).toEqual(hashesBelow(own))
    }
    // Samples that are handed on, and a function that fails.
    for (const name of ['firstHalf', 'nothingLeft']) {
      const run = (pool: Pool) => pool.map(transformTask(audio, name, { root: read }), inputs)
      const [remote, expected] = [await run(pool), await run(here)]
      expect(facts(remote)).toEqual(facts(expected))
    }
  })

  redisTest('of a link do what they do with a file, and of one that leads out nothing', async () => {
    const { folder, read, write, local, inputs, pool } = transforming(1)
    writeFiles(folder, { 'secret/s.wav': pcm16(100) })
    symlinkSync(path.relative(read, inputs[0]), path.join(read, 'link.wav'))
    symlinkSync('../secret/s.wav', path.join(read, 'out.wav'))
    const items = ['link.wav', 'out.wav'].map((name) => path.join(read, name))
    const run = (pool: Pool, out: string) =>
      pool.map(transformTask(audio, 'gain', { out, root: read, data: 0.5, noise: { before: { snr: 10 } } }), items)
    expect((await run(pool, write)).map(({ error }) => error?.code)).toEqual([undefined, 'E_PATH_OUTSIDE'])
    await using here = new Pool({ size: 1 })
    await run(here, local)
    rmSync(path.join(local, 'out.wav'))
    expect(hashesBelow(write)).toEqual(hashesBelow(local))
  })

  redisTest('of a worker that died are done by another', async () => {
    const { folder, read, write, local, inputs, pool } = transforming(20, '--lease', '2000')
    const run = (pool: Pool, out: string) =>
      pool.map(transformTask(audio, 'deadlyOnce', { out, root: read, data: path.join(folder, 'once') }), inputs)
    expect((await run(pool, write)).map(({ error }) => error?.code)).toEqual(inputs.map(() => undefined))
    await using here = new Pool({ size: 1 })
    await run(here, local)
    expect(hashesBelow(write)).toEqual(hashesBelow(local))
  })

  redisTest('that two workers get at the same time are never half-written', async () => {
    const { read, write, local, inputs } = withLongFile()
    const real = newQueue()
    const pool = queuePool(real, { read, write })
    const run = (pool: Pool, out: string) =>
      pool.map(transformTask(audio, 'gain', { out, root: read, data: 0.5, blocks: 500 }), inputs)
    const unfinished = run(pool, write)
    unfinished.catch(() => {})
    // Somebody who writes to Redis adds the same message again, and says that it was taken before.
    const bull = new Queue(real, { connection: { host: '127.0.0.1', port: server.port }, prefix: 'noisemill' })
    onTestFinished(() => bull.close())
    await until(async () => (await bull.getWaitingCount()) === 1)
    const [job] = await bull.getWaiting()
    const copies = await Promise.all([1, 2, 3].map(() => bull.add('chunk', job.data)))
    await server.with(async (client) => {
      for (const { id } of [job, ...copies]) await client.hset(bull.toKey(id!), 'ats', '1')
    })
    for (const _ of [1, 2]) startWork(server, real, ['--read', read, '--write', write, '--tasks', audio, '--jobs', '2'])
    await unfinished
    await until(async () => (await Promise.all(copies.map(({ id }) => bull.getJobState(id!)))).every(hasEnded))
    await using here = new Pool({ size: 1 })
    await run(here, local)
    expect(hashesBelow(write)).toEqual(hashesBelow(local))
  })

  redisTest('of a run that was killed are completed by resume', async () => {
    const { read, write, local, queue } = transforming(40, '--allow-overwrite')
    const program = (out: string, backend: string) =>
      programFor(`
        import { bullmq } from ${quote(new URL('../../dist/bullmq.js', import.meta.url).href)}
        const options = { out: ${quote(out)}, data: 0.5, resume: true, noise: { after: { snr: 20 } }, ${backend} }
        let done = 0
        for await (const { status } of noisemill.transformFiles(${quote(read)}, ${quote(audio)}, 'gain', options)) {
          if (status !== 'failed' && ++done === Number(process.env.DIE_AFTER)) process.kill(process.pid, 'SIGKILL')
        }
        console.log(done)
        process.exit()`)
    const settings = { queue, redis: server.url, key: KEY, read, write, size: 2 }
    const remote = program(write, `pool: new noisemill.Pool({ backend: bullmq(${JSON.stringify(settings)}) })`)
    const run = (body: string, after = '') =>
      start([process.execPath, '--input-type=module', '--eval', body], { env: { DIE_AFTER: after } }).ended
    await expect(run(remote, '5')).rejects.toThrow('hung')
    expect(await run(remote)).toEqual({ code: 0, stdout: '40\n', stderr: '' })
    await run(program(local, 'backend: "workers"'))
    const isOutput = (file: string) => file.endsWith('.wav')
    expect(filesBelow(write).filter((file) => !isOutput(file))).toEqual([])
    const outputs = (folder: string) => Object.entries(hashesBelow(folder)).filter(([file]) => isOutput(file))
    expect(outputs(write)).toEqual(outputs(local))
  })
})

describe.skipIf(!hasRedis)('hostile messages (needs redis-server)', () => {
  /** Writes jobs to a queue as somebody would who has no key, and returns why they failed. */
  async function failures(name: string, jobs: readonly unknown[]): Promise<(string | undefined)[]> {
    const { port } = server
    const queue = new Queue(name, { connection: { host: '127.0.0.1', port }, prefix: 'noisemill' })
    onTestFinished(() => queue.close())
    const added = await Promise.all(jobs.map((data) => queue.add('chunk', data)))
    const reasons: (string | undefined)[] = []
    for (const { id } of added) {
      while ((await queue.getJobState(id!)) !== 'failed') await setTimeout(20)
      reasons.push((await queue.getJob(id!))?.failedReason)
    }
    return reasons
  }

  test('jobs without the right signature are refused, and the worker goes on', async () => {
    const { read, write, local } = folders(3)
    const queue = newQueue()
    const worker = startWork(server, queue, ['--read', read, '--write', write, '--tasks', tasks])
    const { Signer } = await import('../../dist-lib/remote/signature.js')
    const own = new Signer(Buffer.from(KEY), queue)
    const other = new Signer(Buffer.from('another key that is long enough'), queue)
    const elsewhere = new Signer(Buffer.from(KEY), `${queue}-other`)
    const reasons = await failures(queue, [
      null,
      'text',
      { text: 'x', signature: 'y' },
      { text: { length: 5 }, signature: [] },
      { text: 'x'.repeat(9 * 2 ** 20), signature: '' },
      other.sign('job', '{}'),
      elsewhere.sign('job', '{}'),
      own.sign('outcome', '{}'),
      own.sign('job', '{}'),
      own.sign('job', '['.repeat(100_000)),
    ])
    expect(reasons.map((reason) => reason?.split(':')[0])).toEqual([
      ...Array(2).fill('E_MESSAGE_INVALID'),
      'E_MESSAGE_SIGNATURE',
      ...Array(2).fill('E_MESSAGE_INVALID'),
      ...Array(3).fill('E_MESSAGE_SIGNATURE'),
      ...Array(2).fill('E_MESSAGE_INVALID'),
    ])
    expect(filesBelow(write)).toEqual([])
    expect(await addTo(queue, read, write)).toMatchObject({ code: 0 })
    await noisemill(['add', read, '--out', local, ...settings])
    expect(hashesBelow(write)).toEqual(hashesBelow(local))
    await worker.stop()
  })

  test('signed jobs cannot leave the folders, and old ones are refused', async () => {
    const { folder, read, write } = folders(1)
    const queue = newQueue()
    startWork(server, queue, ['--read', read, '--write', write])
    // The first is a real message, which is changed and signed again, as a producer gone bad could do.
    const real = newQueue()
    const pool = queuePool(real, { read, write })
    const unfinished = pool.map(noiseTask({ out: write, root: read, snr: 10 }), [path.join(read, '0/0.wav')])
    unfinished.catch(() => {})
    const text = await server.with(async (client) => {
      for (;;) {
        const [key] = await client.keys(`noisemill:${real}:*.0`)
        const data = key && (await client.hget(key, 'data'))
        if (data) return JSON.parse(data).text as string
        await setTimeout(20)
      }
    })
    const { Signer } = await import('../../dist-lib/remote/signature.js')
    const { readOutcome } = await import('../../dist-lib/remote/messages.js')
    const signer = new Signer(Buffer.from(KEY), queue)
    const message = JSON.parse(text)
    const [[input, output, ...rest]] = message.jobs
    const changed = [
      { ...message, jobs: [[input, '../escaped.wav', ...rest]] },
      { ...message, jobs: [[input, path.join(folder, 'escaped.wav'), ...rest]] },
      { ...message, jobs: [[input, '0/0.sh', ...rest]] },
      { ...message, jobs: [['../noisy/x.wav', output, ...rest]] },
      { ...message, versions: 'noisemill 0.0.0' },
      { ...message, expires: Date.now() - 1 },
      { ...message, run: 'another' },
      { ...message, jobs: [[input, output, ...rest, {}, 1]] },
    ]
    const codes: string[] = []
    const bull = new Queue(queue, { connection: { host: '127.0.0.1', port: server.port }, prefix: 'noisemill' })
    onTestFinished(() => bull.close())
    for (const one of changed) {
      const { id } = await bull.add('chunk', signer.sign('job', JSON.stringify(one)))
      for (;;) {
        const state = await bull.getJobState(id!)
        if (state === 'completed' || state === 'failed') break
        await setTimeout(20)
      }
      const ended = (await bull.getJob(id!))!
      if (ended.failedReason) codes.push(ended.failedReason.split(':')[0])
      else {
        const { refused, outcomes } = readOutcome(signer.open('outcome', ended.returnvalue), 1, 'files')
        const outcome = outcomes.get(0)
        codes.push(refused?.code ?? (outcome && 'error' in outcome ? outcome.error.code : 'done'))
      }
    }
    expect(codes).toEqual([
      ...Array(4).fill('E_PATH_OUTSIDE'),
      'E_MACHINES_DIFFER',
      'E_MESSAGE_EXPIRED',
      'E_MESSAGE_EXPIRED',
      'E_MESSAGE_INVALID',
    ])
    expect(filesBelow(folder).filter((file) => !file.startsWith('speech/'))).toEqual([])
    await pool.terminate()
  })

  test('forged outcomes do not count as done', async () => {
    const { read, write } = folders(1)
    const name = newQueue()
    const pool = queuePool(name, { read, write })
    const { Worker } = await import('bullmq')
    // A worker of somebody without the key.
    const forger = new Worker(name, async () => ({ text: '{"outcomes":[]}', signature: 'x'.repeat(43) }), {
      connection: { host: '127.0.0.1', port: server.port },
      prefix: 'noisemill',
    })
    onTestFinished(() => forger.close())
    const [{ error }] = await pool.map(noiseTask({ out: write, root: read, snr: 10 }), [path.join(read, '0/0.wav')])
    expect(error?.code).toBe('E_MESSAGE_SIGNATURE')
    expect(await jobsIn(name)).toBe(0)
  })

  test('an outcome of another message does not count', async () => {
    const { read, write } = folders(2)
    const name = newQueue()
    const { Worker } = await import('bullmq')
    const { Signer } = await import('../../dist-lib/remote/signature.js')
    const { writeOutcome } = await import('../../dist-lib/remote/messages.js')
    const head = { machine: 'm', milliseconds: 1, tries: 1, refused: undefined, isPartial: false, outcomes: new Map() }
    const replayed = new Signer(Buffer.from(KEY), name).sign('outcome', writeOutcome({ ...head, job: 'another' }, []))
    const replayer = new Worker(name, async () => replayed, {
      connection: { host: '127.0.0.1', port: server.port },
      prefix: 'noisemill',
    })
    onTestFinished(() => replayer.close())
    const pool = queuePool(name, { read, write })
    const [{ error }] = await pool.map(noiseTask({ out: write, root: read, snr: 10 }), [path.join(read, '0/0.wav')])
    expect(error).toMatchObject({ code: 'E_MESSAGE_INVALID', received: 'it is the outcome of another message' })
  })
})
