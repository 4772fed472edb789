/** `noisemill demo`: the same work four ways, side by side. */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Command } from 'commander'
import type { BackendName } from '../backends/backend.js'
import { NoisemillError } from '../errors.js'
import { placeOf } from '../places.js'
import { noiseTask } from '../plan/noise-task.js'
import { moduleTask } from '../pool/module-task.js'
import { Pool } from '../pool/pool.js'
import { addNoiseAsync } from './demo-async.js'
import type { Tone } from './demo-tone.js'
import { EXIT } from './exit.js'
import { plural, showBytes, showSeconds } from './numbers.js'
import type { Stop } from './stop.js'

const FILES = 24
const SHORT_SECONDS = 30
/** The length in the talk that this is taken from. */
const FULL_SECONDS = 240
const BYTES_PER_SECOND = 44100 * 4
const LOWEST_HERTZ = 220
const HERTZ_STEP = 20
const SIGMA = 0.1
const SEED = 0
/** Files that async I/O has open at a time. */
const ASYNC_FILES = 8

export function defineDemo(program: Command, stop: Stop, exit: (code: number) => void): void {
  program
    .command('demo')
    .summary('see four ways of going parallel side by side')
    .description(
      `Makes ${FILES} sine files (float32, 44.1 kHz, mono), adds noise to them by a plain loop, by async I/O on one ` +
        'thread, by worker threads and by native threads, and checks that all outputs are the same. Cleans up after itself.',
    )
    .option(
      '--full',
      `files of ${FULL_SECONDS} seconds, as in the talk, instead of ${SHORT_SECONDS}: takes 2 GB and minutes`,
    )
    .action(async (flags: { full?: boolean }) => exit(await demo(flags.full ? FULL_SECONDS : SHORT_SECONDS, stop)))
}

/** One way of doing it. Calls `finished` with each file's name as it is done. */
interface Way {
  readonly name: string
  readonly isUnordered: boolean
  run(files: readonly string[], out: string, finished: (file: string) => void, signal: AbortSignal): Promise<void>
}

interface Measured {
  readonly seconds: number
  /** Share of all cores, 0 to 1. */
  readonly cpuShare: number
  /** The longest that the event loop kept others waiting, in milliseconds. */
  readonly delay: number
  readonly order: readonly string[]
  readonly hash: string
}

const ways: readonly Way[] = [
  { name: 'plain loop', isUnordered: false, run: onPool('inline') },
  { name: 'async I/O', isUnordered: true, run: asynchronously },
  { name: 'worker threads', isUnordered: true, run: onPool('workers') },
  { name: 'native threads', isUnordered: true, run: onPool('native') },
]

async function demo(seconds: number, stop: Stop): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'noisemill-demo-')).catch((error: NodeJS.ErrnoException) => {
    throw new NoisemillError('E_OUTPUT_FOLDER', { path: tmpdir(), errno: error.code ?? '' })
  })
  try {
    return await compareWays(folder, seconds, stop.signal)
  } catch (error) {
    if (stop.exitCode === undefined) throw error
    return stop.exitCode
  } finally {
    // All threads have ended by now: nothing is written to it any more.
    await rm(folder, { recursive: true, force: true })
  }
}

async function compareWays(folder: string, seconds: number, signal: AbortSignal): Promise<number> {
  await checkRoom(folder, FILES * seconds * BYTES_PER_SECOND)
  say(`${FILES} sine files of ${seconds} s, float32, 44.1 kHz, mono: ${showBytes(FILES * seconds * BYTES_PER_SECOND)}.`)
  const files = await makeTones(path.join(folder, 'clean'), seconds, signal)
  say(`Each way adds Gaussian noise, sigma ${SIGMA}, and clips to [-1, 1].`)
  say(
    `Node ${process.version}, ${plural(availableParallelism(), 'core')}, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}.\n`,
  )
  say(row(['', 'seconds', 'speed-up', 'CPU', 'longest event-loop delay']))
  const measured = new Map<Way, Measured>()
  for (const way of ways) {
    const outcome = await tryWay(way, files, path.join(folder, 'noisy'), signal)
    if (typeof outcome === 'string') {
      say(`${row([way.name])} not here: ${outcome}`)
      continue
    }
    measured.set(way, outcome)
    const loop = measured.get(ways[0])!.seconds
    const { seconds: taken, cpuShare, delay } = outcome
    say(
      row([
        way.name,
        showSeconds(taken),
        `${(loop / taken).toFixed(1)} x`,
        `${Math.round(100 * cpuShare)} %`,
        `${delay.toFixed(0)} ms`,
      ]),
    )
  }
  say('\nCPU is the share of all cores. Order in which files were finished:')
  for (const [way, { order }] of measured) {
    if (way.isUnordered) say(`  ${way.name.padEnd(14)}  ${order.join(' ')}`)
  }
  return compareHashes(measured)
}

function compareHashes(measured: ReadonlyMap<Way, Measured>): number {
  const hashes = new Set(Array.from(measured.values(), ({ hash }) => hash))
  if (hashes.size === 1) {
    say(
      `\nThe outputs of all ${measured.size} ways are identical: sha256 ${[...hashes][0].slice(0, 16)}... over ${FILES} files each.`,
    )
    return EXIT.done
  }
  say('\nThe outputs differ, which is a bug in noisemill:')
  for (const [way, { hash }] of measured) say(`  ${way.name.padEnd(14)}  sha256 ${hash}`)
  return EXIT.filesFailed
}

const say = (text: string) => process.stdout.write(`${text}\n`)

const WIDTHS = [14, 9, 9, 7, 26]
const row = (cells: readonly string[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[i]) : cell.padStart(WIDTHS[i]))).join('')

/** Inputs and one set of outputs lie there at the same time. */
async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const needed = 2 * bytes
  if (bavail * bsize >= needed) return
  const received = `${showBytes(bavail * bsize)} free, ${showBytes(needed)} needed; set TMPDIR to another folder`
  throw new NoisemillError('E_VOLUME_FULL', { path: tmpdir(), received })
}

async function makeTones(folder: string, seconds: number, signal: AbortSignal): Promise<string[]> {
  await mkdir(folder)
  const tones: Tone[] = Array.from({ length: FILES }, (_, i) => ({
    file: path.join(folder, `${String(i).padStart(2, '0')}.wav`),
    seconds,
    frequency: LOWEST_HERTZ + HERTZ_STEP * i,
  }))
  const pool = new Pool()
  try {
    await pool.map(moduleTask<Tone, void>(placeOf('dist/demo-tone.js')), tones, { signal })
  } finally {
    await pool.terminate()
  }
  return tones.map(({ file }) => file)
}

/** Measures a way; the reason where it cannot be had. */
async function tryWay(
  way: Way,
  files: readonly string[],
  out: string,
  signal: AbortSignal,
): Promise<Measured | string> {
  await mkdir(out)
  const delays = monitorEventLoopDelay({ resolution: 1 })
  const order: string[] = []
  const finished = (file: string) => order.push(path.basename(file, '.wav'))
  const started = performance.now()
  const cpuBefore = process.cpuUsage()
  delays.enable()
  try {
    await way.run(files, out, finished, signal)
  } catch (error) {
    if (error instanceof NoisemillError && error.code === 'E_BACKEND_UNAVAILABLE')
      return error.received ?? error.message
    throw error
  }
  // Once more round the event loop, so that what held it up last is seen too.
  await new Promise((resolve) => setTimeout(resolve, 2))
  delays.disable()
  const { user, system } = process.cpuUsage(cpuBefore)
  const seconds = (performance.now() - started) / 1000
  const cpuShare = (user + system) / 1e6 / seconds / availableParallelism()
  signal.throwIfAborted()
  const hash = await hashOf(files.map((file) => path.join(out, path.basename(file))))
  await rm(out, { recursive: true })
  return { seconds, cpuShare, delay: delays.max / 1e6, order, hash }
}

function onPool(backend: BackendName): Way['run'] {
  return async (files, out, finished, signal) => {
    // The first three ways compute in JavaScript, so that they differ in nothing but how they go parallel.
    const pool = new Pool({ backend, ...(backend !== 'native' && { kernel: 'ts' }) })
    const task = noiseTask({ out, sigma: SIGMA, seed: SEED })
    try {
      for await (const { input, error } of pool.imapUnordered(task, files, { chunkSize: 1, signal })) {
        if (error) throw error
        finished(input)
      }
    } finally {
      await pool.terminate()
    }
  }
}

async function asynchronously(
  files: readonly string[],
  out: string,
  finished: (file: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const waiting = files.values()
  const lane = async () => {
    for (const input of waiting) {
      if (signal.aborted) return
      const key = path.basename(input)
      await addNoiseAsync({ input, output: path.join(out, key), key, sigma: SIGMA, seed: SEED })
      finished(input)
    }
  }
  // All lanes end before any error is told, so that none still writes.
  const lanes = await Promise.allSettled(Array.from({ length: ASYNC_FILES }, lane))
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason
  signal.throwIfAborted()
}

/** One hash over the content of all files, in their order. */
async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) {
    for await (const bytes of createReadStream(file)) hash.update(bytes)
  }
  return hash.digest('hex')
}
