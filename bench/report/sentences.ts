/** Sentences that a record's figures make: which way when, where curves cross, what a model says. */

import { type BenchRecord, isInterrupted, type Row, type WorkloadRecord } from '../harness/record.js'
import { axisOf } from './axes.js'
import { type Curve, curvesOf, lowestRanges } from './curves.js'
import { EQUAL, isStart, medianOf, type Ratio, ratioOf, rowNamed, START, verdictOf, workloadNamed } from './figures.js'
import type { Distance } from './limits.js'
import { type Model, modelOf } from './model.js'
import { capital, listed, showDuration, showFactor, showPercent, showValue } from './show.js'

/** '1.8 times as fast as', '1.3 times as slow as', 'about as fast as'. */
export function comparison(ratio: Ratio): string {
  const verdict = verdictOf(ratio)
  if (verdict === 'equal') return 'about as fast as'
  if (verdict === 'slower') return `${showFactor(ratio.value)} times as slow as`
  // A ratio of 0 is a time below the clock's resolution.
  return ratio.value === 0 ? 'far faster than' : `${showFactor(1 / ratio.value)} times as fast as`
}

/** When to use a way, in one sentence with its figures. */
export interface Advice {
  readonly way: string
  readonly text: string
}

const coresText = (cores: number): string => (cores === 1 ? 'this one core' : `these ${cores} cores`)

/** Names of contenders of the workload `talk`. */
const TALK = { loop: 'loop', async: 'async', threads: 'threads-unordered', processes: 'processes', native: 'native' }

/** Which way when, from the talk and from workloads of tiny items. Empty if the record has no plain loop. */
export function adviceOf(record: BenchRecord): Advice[] {
  const talk = workloadNamed(record, 'talk')
  const loop = talk && rowNamed(talk, TALK.loop)
  if (!talk || !loop) return []
  const { cores } = record.machine
  const against = (name: string, reference: Row | undefined) => {
    const row = rowNamed(talk, name)
    const ratio = row && reference && ratioOf(row, reference)
    return row && ratio && { row, ratio, time: showValue(medianOf(row), talk.unit) }
  }
  const loopTime = showValue(medianOf(loop), talk.unit)
  const native = against(TALK.native, loop)
  const threads = against(TALK.threads, loop)
  const processes = against(TALK.processes, rowNamed(talk, TALK.threads))
  const async = against(TALK.async, loop)
  const advice: (Advice | undefined)[] = [
    native && {
      way: 'native code',
      text:
        verdictOf(native.ratio) === 'faster'
          ? `Use native code to add noise, as noisemill does by default: it took ${native.time}, and was ${comparison(native.ratio)} a plain loop in JavaScript (${loopTime}).`
          : `Native code gained nothing here: it took ${native.time}, and was ${comparison(native.ratio)} a plain loop in JavaScript (${loopTime}).`,
    },
    threads && {
      way: 'worker threads',
      text:
        verdictOf(threads.ratio) === 'faster'
          ? `Use worker threads when your own JavaScript computes: on ${coresText(cores)}, the code of the loop was ${comparison(threads.ratio)} the loop.`
          : `Do not expect worker threads to help on ${coresText(cores)}: in them, the code of the loop was ${comparison(threads.ratio)} the loop.`,
    },
    processes && {
      way: 'processes',
      text: `Use processes when code may crash or leak memory, because only one process is lost then: they were ${comparison(processes.ratio)} worker threads.`,
    },
    async && {
      way: 'async I/O',
      text: `Use async I/O alone when a program waits more than it computes: here, on one thread, it was ${comparison(async.ratio)} the plain loop.`,
    },
    tinyAdvice(record),
  ]
  return advice.filter((one) => one !== undefined)
}

/** When a plain loop is right: by the workload whose items are too small for a pool. */
function tinyAdvice(record: BenchRecord): Advice | undefined {
  const workload = workloadNamed(record, 'pitfall-overhead')
  const loop = workload && rowNamed(workload, 'loop')
  const single = workload && rowNamed(workload, 'noisemill-badly')
  const ratio = loop && single && ratioOf(single, loop)
  if (!ratio || verdictOf(ratio) !== 'slower') return undefined
  return {
    way: 'a plain loop',
    text: `Use a plain loop for tiny items, or let the pool put them into chunks: sent to threads one by one, they took ${showFactor(ratio.value)} times as long as in a loop.`,
  }
}

/**
 * Which curve is the lowest where, as one sentence. Undefined without curves that share an x.
 *
 * @param which curves that are compared; noisemill's own by default
 */
export function crossoverSentence(
  workload: WorkloadRecord,
  which: (curve: Curve) => boolean = ({ isOwn, points }) => isOwn && !points.some(({ row }) => isStart(row)),
): string | undefined {
  const { by, show } = axisOf(workload.name)
  const ranges = lowestRanges(curvesOf(workload).filter(which))
  const [first, ...others] = ranges
  const last = ranges.at(-1)
  if (!first || !last) return undefined
  if (others.length === 0) {
    const where = first.from === first.to ? `at ${show(first.from)}` : `from ${show(first.from)} to ${show(first.to)}`
    return `Fastest by ${by}: ${first.label}, ${where}.`
  }
  const parts = ranges.slice(0, -1).map(({ label, to }) => `${label} up to about ${show(to)}`)
  // Labels may have commas.
  return `Fastest by ${by}: ${[...parts, `${last.label} beyond that`].join('; ')}.`
}

/** What a curve of times by jobs says about machines with more cores. Undefined if nothing can be fitted. */
export function modelSentence(label: string, model: Model | undefined): string | undefined {
  const [least, most] = [model?.predictions[0], model?.predictions.at(-1)]
  if (!model || !least || !most) return undefined
  const serial = `${capital(label)}: ${showPercent(model.scaling.serial)} of the work is serial.`
  if (Math.max(...model.predictions.map((one) => one.speedUp)) < 1 + EQUAL)
    return `${serial} By the model, more cores do not help.`
  const told = [least, ...(most === least ? [] : [most])].map(
    ({ cores, speedUp, spread: [low, high] }) =>
      `${cores} cores are ${showFactor(speedUp)} times${low < high ? ` (${showFactor(low)} to ${showFactor(high)})` : ''}`,
  )
  return `${serial} By the model, ${listed(told)} as fast as one.`
}

/** A curve of the workload `jobs` with its model. */
export interface ModelledCurve {
  readonly curve: Curve
  readonly model: Model
}

/** The ways of the workload `jobs` that can be modelled. */
export function modelledCurves(record: BenchRecord): ModelledCurve[] {
  const jobs = workloadNamed(record, 'jobs')
  if (!jobs) return []
  return curvesOf(jobs).flatMap((curve) => {
    const one = curve.points.find(({ x }) => x === 1)?.row
    if (!one || isStart(one) || !curve.isOwn) return []
    const start = rowNamed(jobs, `${START}${one.name}`)
    const model = modelOf(curve, record.machine.cores, start && medianOf(start))
    return model ? [{ curve, model }] : []
  })
}

/** How far a workload is from its limit. */
export const distanceSentence = ({ title, own, limit, limitedBy, factor, workload }: Distance): string =>
  `${title}. noisemill (${own.label}) takes ${showFactor(factor)} times as long as its limit, which is ${limitedBy} (${limit.label}: ${showValue(medianOf(limit), workload.unit)}).`

/** What a reader has to know before any figure. */
export function recordWarnings(record: BenchRecord): string[] {
  const { size, workloads, filters, isCutShort, noisemill } = record
  const named = (those: readonly WorkloadRecord[]) => listed(those.map(({ name }) => name))
  const skipped = workloads.filter((workload) => workload.skipped !== undefined)
  const lacking = workloads.filter(({ missing }) => missing.length > 0)
  const failed = workloads.filter((workload) => workload.failed.length > 0)
  return [
    ...(isInterrupted(record) ? ['The run was interrupted: workloads are missing or have fewer rounds.'] : []),
    ...(size === 'short' ? ['A first look with short inputs and few rounds. Records are made with --full.'] : []),
    ...(isCutShort ? ['There was no time for all rounds: some workloads have fewer, or were skipped.'] : []),
    ...(filters ? [`Only a part of the benchmark: --filter ${filters.join(' ')}.`] : []),
    ...(noisemill.isChanged ? ['Files of noisemill differed from the commit that is named.'] : []),
    ...(skipped.length > 0 ? [`Skipped: ${named(skipped)}.`] : []),
    ...(failed.length > 0 ? [`A contender failed in ${named(failed)}; the reason stands there.`] : []),
    ...(lacking.length > 0
      ? [`Contenders are not installed for ${named(lacking)}; the commands that install them stand there.`]
      : []),
  ]
}

/** How long the run took. */
export const durationOf = ({ started, ended }: BenchRecord): string | undefined =>
  ended === undefined ? undefined : showDuration((Date.parse(ended) - Date.parse(started)) / 1000)
