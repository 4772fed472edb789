/** Compares four ways of doing the same work, for `noisemill demo`. It uses only the public API. */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { usableCpus } from '../cpus.js'
import { moduleTask, NoisemillError, Pool } from '../index.js'
import { showBytes, showSeconds, showText } from '../show.js'
import { type Contender, contenders, SIGMA } from './contenders.js'
import { inTemporaryFolder } from './folder.js'
import { machine } from './machine.js'
import type { Tone } from './tone.js'

/** Number of files in the demo. */
export const FILES = 24
const BYTES_PER_SECOND = 44100 * 4
const LOWEST_HERTZ = 220
const HERTZ_STEP = 20

interface Measured {
  readonly seconds: number
  /** Used share of all cores, 0 to 1. */
  readonly cpuShare: number
  /** Longest delay of the event loop, in milliseconds. */
  readonly delay: number
  readonly order: readonly string[]
  readonly hash: string
}

/**
 * Runs the comparison. It makes sine files of `seconds` seconds in a temporary folder, adds noise
 * to them with each contender, prints the figures, and removes the folder.
 *
 * @param tone URL of the module `tone.ts`
 * @returns whether all contenders had the same outputs
 * @throws NoisemillError E_OUTPUT_FOLDER or E_VOLUME_FULL for the temporary folder; the signal's
 *   reason
 */
export function compareContenders(seconds: number, tone: URL, signal: AbortSignal): Promise<boolean> {
  // The inputs, and the outputs of one contender.
  const bytes = 2 * FILES * seconds * BYTES_PER_SECOND
  return inTemporaryFolder(bytes, (folder) => compareIn(folder, seconds, tone, signal))
}

async function compareIn(folder: string, seconds: number, tone: URL, signal: AbortSignal): Promise<boolean> {
  say(`${FILES} sine files of ${seconds} s, float32, 44.1 kHz, mono: ${showBytes(FILES * seconds * BYTES_PER_SECOND)}.`)
  const files = await makeTones(path.join(folder, 'clean'), seconds, tone, signal)
  say(`Each way adds Gaussian noise, sigma ${SIGMA}, and clips to [-1, 1].`)
  say(`${machine()}.\n`)
  say(row(['', 'seconds', 'speed-up', 'CPU', 'longest event-loop delay']))
  const measured = new Map<Contender, Measured>()
  for (const contender of contenders) {
    const outcome = await measure(contender, files, path.join(folder, 'noisy'), signal)
    if (typeof outcome === 'string') {
      say(`${row([contender.name])} not here: ${showText(outcome)}`)
      continue
    }
    measured.set(contender, outcome)
    const loop = measured.get(contenders[0])!.seconds
    const { seconds: taken, cpuShare, delay } = outcome
    say(
      row([
        contender.name,
        showSeconds(taken),
        `${(loop / taken).toFixed(1)} x`,
        `${Math.round(100 * cpuShare)} %`,
        `${delay.toFixed(0)} ms`,
      ]),
    )
  }
  say('\nCPU is the share of all cores. Order in which files were finished:')
  for (const [contender, { order }] of measured) {
    if (contender.isUnordered) say(`  ${contender.name.padEnd(14)}  ${order.join(' ')}`)
  }
  return areSame(measured)
}

function areSame(measured: ReadonlyMap<Contender, Measured>): boolean {
  const hashes = new Set(Array.from(measured.values(), ({ hash }) => hash))
  if (hashes.size === 1) {
    say(
      `\nThe outputs of all ${measured.size} ways are identical: sha256 ${[...hashes][0].slice(0, 16)}... over ${FILES} files each.`,
    )
    return true
  }
  say('\nThe outputs differ, which is a bug in noisemill:')
  for (const [contender, { hash }] of measured) say(`  ${contender.name.padEnd(14)}  sha256 ${hash}`)
  return false
}

const say = (text: string) => process.stdout.write(`${text}\n`)

const WIDTHS = [14, 9, 9, 7, 26]
const row = (cells: readonly string[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[i]) : cell.padStart(WIDTHS[i]))).join('')

async function makeTones(folder: string, seconds: number, tone: URL, signal: AbortSignal): Promise<string[]> {
  await mkdir(folder)
  const tones: Tone[] = Array.from({ length: FILES }, (_, i) => ({
    file: path.join(folder, `${String(i).padStart(2, '0')}.wav`),
    seconds,
    frequency: LOWEST_HERTZ + HERTZ_STEP * i,
  }))
  const pool = new Pool()
  try {
    await pool.map(moduleTask<Tone, void>(tone), tones, { signal })
  } finally {
    await pool.terminate()
  }
  return tones.map(({ file }) => file)
}

/** Runs a contender and measures it. Returns the reason if it cannot run here. */
async function measure(
  contender: Contender,
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
    await contender.run(files, out, finished, signal)
  } catch (error) {
    if (error instanceof NoisemillError && error.code === 'E_BACKEND_UNAVAILABLE')
      return error.received ?? error.message
    throw error
  }
  // Waits one turn of the event loop, so that the monitor also sees the last delay.
  await new Promise((resolve) => setTimeout(resolve, 2))
  delays.disable()
  const { user, system } = process.cpuUsage(cpuBefore)
  const seconds = (performance.now() - started) / 1000
  const cpuShare = (user + system) / 1e6 / seconds / usableCpus()
  signal.throwIfAborted()
  const hash = await hashOf(files.map((file) => path.join(out, path.basename(file))))
  await rm(out, { recursive: true })
  return { seconds, cpuShare, delay: delays.max / 1e6, order, hash }
}

/** Returns one hash of the content of all files, in their order. */
async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) {
    for await (const bytes of createReadStream(file)) hash.update(bytes)
  }
  return hash.digest('hex')
}
