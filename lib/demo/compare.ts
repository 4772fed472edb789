/** Compares five ways of doing the same work, for `noisemill demo`. It uses only the public API. */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { usableCpus } from '../cpus.js'
import { moduleTask, NoisemillError, Pool } from '../index.js'
import { showBytes, showSeconds, showShare, showText } from '../show.js'
import { type Contender, contenders, SIGMA } from './contenders.js'
import { CoreWatch } from './core-watch.js'
import type { CoreUse } from './cores.js'
import { inTemporaryFolder } from './folder.js'
import { coreLines } from './live.js'
import { machine } from './machine.js'
import type { Tone } from './tone.js'

/** Number of files in the demo. */
export const FILES = 24
const BYTES_PER_SECOND = 44100 * 4
const LOWEST_HERTZ = 220
const HERTZ_STEP = 20

/** What a contender took. */
export interface Measured {
  readonly seconds: number
  /** CPU time of this process and its child processes in seconds. */
  readonly cpu: number
  /** Used share of all cores, 0 to 1. */
  readonly cpuShare: number
  /** Longest delay of the event loop, in milliseconds. */
  readonly delay: number
  /** Names of the files, without their extension, in the order in which they were finished. */
  readonly order: readonly string[]
  /** Hash of the content of all outputs. */
  readonly hash: string
  /** Use of each core over time, by all programs; undefined if it could not be watched. */
  readonly cores: CoreUse | undefined
}

/** A contender with its figures, or the reason why it cannot run here. */
export type Compared = { readonly contender: Contender } & (
  | { readonly measured: Measured; readonly missing?: undefined }
  | { readonly measured?: undefined; readonly missing: string }
)

export interface Comparison {
  /** Length of each file in seconds. */
  readonly seconds: number
  /** The work, in two sentences. */
  readonly work: readonly [files: string, noise: string]
  readonly compared: readonly Compared[]
  /** Whether the outputs of all ways are the same bytes. */
  readonly areSame: boolean
}

/** Modules of the demo that run in other threads and processes, by the URLs of their files. */
export interface Modules {
  readonly tone: URL
  readonly etl: URL
  readonly cores: URL
}

/** Where the demo prints. */
export interface Screen {
  /** Prints a line, which stays. */
  line(text: string): void
  /** Shows a text of several lines, which is asked for again and again, until `stopLive`. */
  startLive(text: (columns: number, rows: number) => string): void
  stopLive(): void
}

/**
 * Runs the comparison. It makes sine files of `seconds` seconds in a temporary folder, adds noise
 * to them with each contender, prints the figures, and removes the folder.
 *
 * @throws NoisemillError E_OUTPUT_FOLDER or E_VOLUME_FULL for the temporary folder; the signal's
 *   reason
 */
export function compareContenders(
  seconds: number,
  modules: Modules,
  screen: Screen,
  signal: AbortSignal,
): Promise<Comparison> {
  // The inputs, and the outputs of one contender.
  const bytes = 2 * FILES * seconds * BYTES_PER_SECOND
  return inTemporaryFolder(bytes, async (folder) => {
    const watch = await CoreWatch.open(modules.cores)
    try {
      return await compareIn({ folder, modules, screen, signal, watch }, seconds)
    } finally {
      screen.stopLive()
      await watch?.close()
    }
  })
}

interface Place {
  readonly folder: string
  readonly modules: Modules
  readonly screen: Screen
  readonly signal: AbortSignal
  readonly watch: CoreWatch | undefined
}

async function compareIn(place: Place, seconds: number): Promise<Comparison> {
  const { screen } = place
  const work = [
    `${FILES} sine files of ${seconds} s, float32, 44.1 kHz, mono: ${showBytes(FILES * seconds * BYTES_PER_SECOND)}.`,
    `Each way adds Gaussian noise, sigma ${SIGMA}, and clips to [-1, 1].`,
  ] as const
  screen.line(work[0])
  const files = await makeTones(place, seconds)
  for (const line of [work[1], `${machine()}.`, '', HEAD]) screen.line(line)
  const compared: Compared[] = []
  for (const contender of contenders) {
    const outcome = await measure(contender, files, place)
    if (typeof outcome === 'string') {
      screen.line(`${row([contender.name])} not here: ${showText(outcome)}`)
      compared.push({ contender, missing: outcome })
    } else {
      compared.push({ contender, measured: outcome })
      screen.line(row(cellsOf(contender, outcome, compared)))
    }
  }
  for (const line of orderLines(compared)) screen.line(line)
  const busy = busyText(compared)
  if (busy !== undefined) for (const line of ['', busy]) screen.line(line)
  const areSame = hashesOf(compared).size === 1
  for (const line of areSame ? sameLines(compared) : differentLines(compared)) screen.line(line)
  return { seconds, work, compared, areSame }
}

const WIDTHS = [14, 9, 9, 7, 26]
const row = (cells: readonly string[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[i]) : cell.padStart(WIDTHS[i]))).join('')

/** Head of the table of figures. */
export const COLUMNS = ['', 'seconds', 'speed-up', 'CPU', 'longest event-loop delay']
const HEAD = row(COLUMNS)

/** Returns a contender's row of the table of figures. */
export const cellsOf = ({ name }: Contender, measured: Measured, compared: readonly Compared[]): string[] => [
  name,
  showSeconds(measured.seconds),
  showSpeedUp(measured, compared),
  showShare(measured.cpuShare),
  `${measured.delay.toFixed(0)} ms`,
]

/** Compares the time of a contender with that of the first, the plain loop. */
export function showSpeedUp({ seconds }: Measured, compared: readonly Compared[]): string {
  const loop = measuredOf(compared)[0].measured.seconds
  return `${(loop / seconds).toFixed(1)} x`
}

/** Returns the contenders that ran. */
export const measuredOf = (compared: readonly Compared[]): (Compared & { readonly measured: Measured })[] =>
  compared.flatMap((each) => (each.measured ? [each] : []))

export const hashesOf = (compared: readonly Compared[]): Set<string> =>
  new Set(measuredOf(compared).map(({ measured }) => measured.hash))

/** More than this share of the cores, used by other programs, makes figures worse. */
const BUSY = 0.15

/** Says that the machine was busy with other programs. Undefined if it was not, or that is not known. */
export function busyText(compared: readonly Compared[]): string | undefined {
  let [others, all] = [0, 0]
  for (const { measured } of measuredOf(compared)) {
    if (measured.cores === undefined) continue
    others += measured.cores.busySeconds - measured.cpu
    all += measured.seconds * measured.cores.use.length
  }
  const share = all > 0 ? others / all : 0
  return share > BUSY ? `Other programs used ${showShare(share)} of the cores, so all ways took longer.` : undefined
}

function orderLines(compared: readonly Compared[]): string[] {
  const lines = measuredOf(compared)
    .filter(({ contender }) => contender.isUnordered)
    .map(({ contender, measured }) => `  ${contender.name.padEnd(14)}  ${measured.order.join(' ')}`)
  return ['', 'CPU is the share of all cores. Order in which files were finished:', ...lines]
}

const sameLines = (compared: readonly Compared[]): string[] => {
  const [hash] = hashesOf(compared)
  const count = measuredOf(compared).length
  return [
    '',
    `The outputs of all ${count} ways are identical: sha256 ${hash.slice(0, 16)}... over ${FILES} files each.`,
  ]
}

const differentLines = (compared: readonly Compared[]): string[] => [
  '',
  'The outputs differ, which is a bug in noisemill:',
  ...measuredOf(compared).map(({ contender, measured }) => `  ${contender.name.padEnd(14)}  sha256 ${measured.hash}`),
]

async function makeTones({ folder, modules, signal }: Place, seconds: number): Promise<string[]> {
  const clean = path.join(folder, 'clean')
  await mkdir(clean)
  const tones: Tone[] = Array.from({ length: FILES }, (_, i) => ({
    file: path.join(clean, `${String(i).padStart(2, '0')}.wav`),
    seconds,
    frequency: LOWEST_HERTZ + HERTZ_STEP * i,
  }))
  const pool = new Pool()
  try {
    await pool.map(moduleTask<Tone, void>(modules.tone), tones, { signal })
  } finally {
    await pool.terminate()
  }
  return tones.map(({ file }) => file)
}

/** Errors of contenders that cannot run on a machine, or with the permissions of a process. */
const NOT_HERE: ReadonlySet<string> = new Set(['E_BACKEND_UNAVAILABLE', 'E_WORKER_START'])

/** Runs a contender and measures it. Returns the reason if it cannot run here. */
async function measure(
  contender: Contender,
  files: readonly string[],
  { folder, modules, screen, signal, watch }: Place,
): Promise<Measured | string> {
  const out = path.join(folder, 'noisy')
  await mkdir(out)
  const delays = monitorEventLoopDelay({ resolution: 1 })
  const order: string[] = []
  let reported = 0
  const work = {
    files,
    out,
    etl: modules.etl,
    signal,
    finished: (file: string) => order.push(path.basename(file, '.wav')),
    onReport: ({ process }: { readonly process: { readonly cpu: number } }) => {
      reported = process.cpu / 1000
    },
  }
  watch?.start()
  const started = performance.now()
  const sinceStart = () => (performance.now() - started) / 1000
  screen.startLive((columns, rows) => {
    const head = `${contender.name}: ${order.length} of ${files.length} files, ${showSeconds(sinceStart())} s`
    return [head, ...coreLines(watch?.looks ?? [], columns, rows)].join('\n')
  })
  const cpuBefore = process.cpuUsage()
  delays.enable()
  try {
    await contender.run(work)
  } catch (error) {
    if (!(error instanceof NoisemillError && NOT_HERE.has(error.code))) throw error
    await rm(out, { recursive: true })
    return error.received ?? error.message
  } finally {
    screen.stopLive()
  }
  const seconds = sinceStart()
  const { user, system } = process.cpuUsage(cpuBefore)
  const cores = await watch?.stop()
  // Waits one turn of the event loop, so that the monitor also sees the last delay.
  await new Promise((resolve) => setTimeout(resolve, 2))
  delays.disable()
  // The report of a run has the time of its child processes too.
  const cpu = Math.max((user + system) / 1e6, reported)
  const cpuShare = cpu / seconds / usableCpus()
  signal.throwIfAborted()
  const hash = await hashOf(files.map((file) => path.join(out, path.basename(file))))
  await rm(out, { recursive: true })
  return { seconds, cpu, cpuShare, delay: delays.max / 1e6, order, hash, cores }
}

/** Returns one hash of the content of all files, in their order. */
async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) {
    for await (const bytes of createReadStream(file)) hash.update(bytes)
  }
  return hash.digest('hex')
}
