/**
 * One case of differential fuzzing: a mutated file and its settings, and the differences between TypeScript and a twin.
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { EtlFigures, EtlJob, EtlOutcome } from '../../dist-lib/core/etl.js'
import type { Recorded } from '../../dist-lib/core/noise/recorded.js'
import { amplitudeOf } from '../../dist-lib/plan/levels.js'
import { type NoiseFile, noise, writeBank } from '../support/banks.js'
import { blockFile, codecNames } from '../support/blocks.js'
import { type JobSettings, jobFor, noiseFor, runTypeScript, twins } from '../support/jobs.js'
import { Random } from '../support/random.js'
import { formats, sine, wav } from '../support/wav.js'
import { mutate } from './mutate.js'

/** Good files to begin with where there are no others. */
export const ownFiles: readonly Buffer[] = [
  ...formats.flatMap((format) => [
    wav({ ...format, data: sine(format, 300) }),
    wav({ ...format, channels: 2, extensible: true, data: sine(format, 4100, 2, 0.9) }),
  ]),
  // Coded: any bytes are samples but for an index beyond its table, which the mutations may make.
  wav({ tag: 6, bits: 8, channels: 2, data: codes(4001 * 2) }),
  wav({ tag: 7, bits: 8, data: codes(500) }),
  wav({ tag: 17, bits: 4, blockAlign: 64, data: codes(64 * 20 + 12) }),
  wav({ tag: 17, bits: 4, channels: 2, blockAlign: 256, data: codes(256 * 3) }),
  ...codecNames.flatMap((codec) => Array.from({ length: 6 }, (_, seed) => blockFile(codec, seed).bytes)),
]

function codes(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) =>
    i % 64 === 2 || i % 64 === 6 ? 40 : Math.imul(i, 0x9e3779b1) >>> 24,
  )
}

export interface Case {
  readonly seed: number
  readonly input: Buffer
  readonly settings: JobSettings
}

/** Some are out of range for the rate of a file. */
const LOWS = [20, 100, 1000, 4000, 20_000]
const SLOPES = [-12, -7.5, -3, 0, 4.5, 12]

export function caseOf(seed: number, files: readonly Buffer[]): Case {
  const random = new Random(seed)
  const input = mutate(random.pick(files), random)
  const sigma = { levelKind: 'sigma', level: random.pick([0, 1e-40, 1e-6, 0.01, 0.3, 16]) } as const
  const snr = { levelKind: 'snr', level: amplitudeOf(random.pick([100, 20, 0, -10, -60, -200])) } as const
  const key = { low: random.word(), high: random.word() }
  const sway = {
    kind: 'sway',
    parameters: Float64Array.of(random.pick([0, 0.5, 0.999]), random.pick([1, 440, 100_000])),
  }
  const colors = {
    kind: random.pick(['pink', 'brown', 'blue', 'violet']),
    parameters: Float64Array.of(random.pick(LOWS)),
  }
  const color = { kind: 'color', parameters: Float64Array.of(random.pick(SLOPES), random.pick(LOWS)) }
  const uniform = { kind: 'uniform', parameters: new Float64Array(0) }
  const kind = random.once(2) ? random.pick([sway, uniform, colors, color]) : {}
  const source = random.once(3) ? { recorded: recordedOf(random) } : kind
  const layer: JobSettings = { ...source, ...random.pick([sigma, snr]), key }
  const more = random.once(4) ? noiseFor({ ...uniform, ...snr, key: { low: random.word(), high: 1 } }).layers : []
  const settings = { ...layer, more, ...mixing(random), dryRun: random.once(20) }
  return { seed, input, settings }
}

let bank: string | undefined

/** Noise files of the usual sample rates, which are made once: sounds of several lengths, silence, and a file with NaNs. */
function bankOfAll(): string {
  if (bank !== undefined) return bank
  const folder = mkdtempSync(path.join(tmpdir(), 'noisemill-fuzz-bank-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  const files = [8000, 11_025, 16_000, 22_050, 44_100, 48_000].flatMap((rate): NoiseFile[] => [
    { name: `${rate}a.wav`, rate, frames: 37 },
    { name: `${rate}b.wav`, rate, frames: 5000, channels: 2, format: 'pcm16' },
    { name: `${rate}c.wav`, rate, frames: 40_000, format: 'float64' },
    { name: `${rate}d.wav`, rate, frames: 3000, samples: new Float32Array(3000) },
    {
      name: `${rate}e.wav`,
      rate,
      frames: 3000,
      samples: noise(5, 3000).map((value, i) => (i % 7 === 0 ? Number.NaN : value)),
    },
  ])
  bank = writeBank(folder, files).index
  return bank
}

function recordedOf(random: Random): Recorded {
  const isBurst = random.once(3)
  return {
    bank: bankOfAll(),
    fit: random.pick(['loop', 'once']),
    balance: random.pick(['file', 'folder']),
    downmix: random.pick(['first', 'mean']),
    voices: isBurst ? 1 : random.pick([1, 1, 2, 4]),
    gap: isBurst
      ? random.pick([
          [0.05, 0.05],
          [0.05, 1],
        ])
      : undefined,
  }
}

/** How the noise is mixed: half of the cases as by default. */
function mixing(random: Random): Partial<JobSettings> {
  const clip = random.once(2)
  if (random.once(2)) return { clip }
  return {
    clip: random.pick(['clamp', 'scale', 'scale', 'error', 'none'] as const),
    ceiling: random.pick([0.99, 0.01, 1]),
    output: random.pick([
      { kind: 'keep', target: 0 },
      { kind: 'rms', target: random.pick([1e-6, 0.05, 1]) },
      { kind: 'peak', target: random.pick([1e-6, 0.5, 1]) },
    ] as const),
    exact: random.once(2),
    reference: random.pick(['rms', 'active'] as const),
    dither: random.once(2),
    silent: random.pick(['copy', 'skip', 'error'] as const),
  }
}

export interface Difference {
  readonly seed: number
  readonly twin: string
  readonly what: string
}

export interface Compared {
  readonly outcomes: readonly EtlOutcome[]
  readonly differences: readonly Difference[]
}

const plain = (outcome: EtlOutcome) =>
  JSON.stringify('figures' in outcome ? { ...outcome.figures, seconds: 0 } : outcome.failure, (_, value) =>
    Object.is(value, -0) || (typeof value === 'number' && !Number.isFinite(value)) ? `${value} ` : value,
  )

const bytesOf = ({ output }: EtlJob) => (existsSync(output as string) ? readFileSync(output as string) : undefined)

/** The names of the twins that there are. */
export const twinNames: readonly string[] = twins.map(([name]) => name)

/** Runs cases in an empty folder, through TypeScript and through one of the twins. */
export async function compare(cases: readonly Case[], folder: string, twin: string): Promise<Compared> {
  const run = twins.find(([name]) => name === twin)![1]
  for (const { seed, input } of cases) writeFileSync(path.join(folder, `${seed}.wav`), input)
  const jobsOf = (tag: string) => cases.map(({ seed, settings }) => jobFor(folder, `${seed}`, tag, settings))
  const jobs = jobsOf('ts')
  const twinJobs = jobsOf('twin')
  const outcomes = await runTypeScript(jobs)
  const twinOutcomes = await run(twinJobs)

  const differences: Difference[] = []
  const expected = new Set<string>()
  cases.forEach(({ seed, input, settings }, i) => {
    const differs = (what: string) => differences.push({ seed, twin, what })
    const [mine, theirs] = [bytesOf(jobs[i]), bytesOf(twinJobs[i])]
    if (plain(outcomes[i]) !== plain(twinOutcomes[i])) differs(`${plain(outcomes[i])}\n${plain(twinOutcomes[i])}`)
    if (mine === undefined ? theirs !== undefined : !theirs?.equals(mine)) differs('the bytes')
    const { figures } = outcomes[i] as { figures?: EtlFigures }
    const isOmitted = settings.silent === 'skip' && figures?.warnings.includes('W_SILENT') === true
    const isDone = figures !== undefined && !settings.dryRun && !isOmitted
    if (isDone !== (mine !== undefined))
      differs(`${isDone ? 'done' : 'not done'}, and an output is ${mine ? '' : 'not '}there`)
    if (mine && figures?.bytesOut !== mine.length) differs('bytesOut')
    if (!readFileSync(jobs[i].input as string).equals(input)) differs('the input has changed')
    for (const { input: name, output } of [jobs[i], twinJobs[i]])
      for (const file of [name, ...(isDone ? [output] : [])]) expected.add(path.basename(file as string))
  })
  const left = readdirSync(folder).filter((name) => !expected.has(name))
  if (left.length > 0) differences.push({ seed: cases[0].seed, twin, what: `left behind: ${left.join(' ')}` })
  return { outcomes, differences }
}
