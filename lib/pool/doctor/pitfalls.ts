/** Verdicts on the five pitfalls of parallel work. */

import { showBytes, showShare, showTime } from '../../show.js'
import type { SampledValues } from '../run-report.js'
import type { Figures } from './figures.js'
import { fine, problem, unknown, type Verdict } from './verdict.js'

/** Crossing is a problem from this part of the threads' time on. */
const CROSSING_SHARE = 0.25
/** Crossing that is larger than the work is a problem from this part of the run on. */
const OVERHEAD_SHARE = 0.1
/** The start of threads is a problem from this part of the run on. */
const START_SHARE = 0.5
/** Setup is a problem from this part of the run on. */
const SETUP_SHARE = 0.2
/** Work that was done before is a problem from this part of the run on. */
const REPEATED_SHARE = 0.2
/** A tail is a problem from this part of the run on. */
const TAIL_SHARE = 0.2

/** Pitfall 1: to cross takes longer than the work. */
export function overhead(figures: Figures): Verdict {
  const { report, milliseconds, took, items, item, work, workers, crossing, crossingShare, crossingCost } = figures
  if (item === null || work === null || crossing === null || items === 0)
    return unknown('overhead', `The backend ${report.backend} does not measure how long items and their crossing take.`)
  const threads = report.workers ?? []
  const setup = (workers?.setup ?? 0) / Math.max(threads.length, 1)
  const alone = report.calibration?.plainLoop ?? null
  const plain = (alone ?? work) + setup
  const each = `an item takes ${showTime((alone ?? work) / items)}, its crossing ${showTime(crossing / items)}`
  const loop = `A plain loop would take ${alone === null ? 'at most ' : ''}${showTime(plain)} instead of ${showTime(took)}`
  const start = Math.max(0, ...threads.map((thread) => thread.start))
  // A plain loop waits for its source and its consumer too.
  const others = figures.sourceTime + report.waits.consumer
  if (figures.crossingCause === 'items') {
    // Times of single items are upper limits, because it takes a while to measure each.
    const isSlower = plain + others < took && crossingShare >= CROSSING_SHARE
    const isLarger = isSlower || (alone === null && crossing > work)
    if (isLarger && crossingCost >= OVERHEAD_SHARE * milliseconds)
      return problem(
        'overhead',
        crossingCost,
        plain < took ? `${loop}: ${each}.` : `${capital(each)}.`,
        'Use a plain loop, or let an item be more work, such as a range of numbers.',
      )
  }
  if (start >= START_SHARE * milliseconds && plain + others < took)
    return problem(
      'overhead',
      start,
      `${loop}: the start of ${threads.length} threads took ${showTime(start)}.`,
      'Keep the pool for several runs, or use a plain loop.',
    )
  if (figures.crossingCause === 'chunks' && crossingShare >= CROSSING_SHARE)
    return unknown('overhead', 'The chunks are so small that their messages hide what an item needs to cross.')
  const compared =
    alone === null ? '' : ` A plain loop would take ${showTime(plain)}, and the run took ${showTime(took)}.`
  return fine('overhead', `${capital(each)}.${compared}`)
}

/** Pitfall 2: values cannot cross, or lose their class. */
export function values({ report: { failures, lostClass }, items }: Figures): Verdict {
  const refused = failures.E_NOT_CLONEABLE ?? 0
  if (refused > 0)
    return problem(
      'values',
      null,
      `${refused} of ${items} items failed because a value cannot be copied to another thread (E_NOT_CLONEABLE).`,
      'Send plain data or file names; functions, symbols and promises cannot cross. The error names the place.',
    )
  if (lostClass !== null)
    return problem(
      'values',
      null,
      `A value lost its class when it crossed: ${lostClass}.`,
      'Send plain data, and make the object in the function.',
    )
  if (items === 0) return unknown('values', 'No item has ended.')
  return fine('values', 'All values crossed, and none was seen to lose its class.')
}

/** Pitfall 3: most of the time goes into copying. */
export function data(figures: Figures): Verdict {
  const { report, crossing, crossingShare, crossingCost, crossingCause } = figures
  const { bytes } = report
  if (bytes === null || crossing === null)
    return unknown('data', `The backend ${report.backend} copies no data to count.`)
  const about = bytes.isEstimate ? 'about ' : ''
  const sent = `${about}${showBytes(bytes.sent)} to workers`
  const received = `${about}${showBytes(bytes.received)} back`
  const copied = bytes.received < 0.1 * bytes.sent ? sent : `${sent} and ${received}`
  if (crossingCause !== 'bytes' || crossingShare < CROSSING_SHARE)
    return fine(
      'data',
      `The run copied ${sent} and ${received}; crossing took ${showShare(crossingShare)} of the threads' time.`,
    )
  return problem(
    'data',
    crossingCost,
    `${showShare(crossingShare)} of the threads' time went into copying ${copied}.`,
    bytes.sent >= bytes.received
      ? 'Send file names, put what all items need into `shared`, or set `transfer: true`.'
      : 'Return less, write results to files in the function, or set `transfer: true`.',
  )
}

/** Pitfall 4: work that could be done once is done again and again, for each thread or for equal items. */
export function repetition(figures: Figures): Verdict {
  const { report, milliseconds, work, workers } = figures
  const count = report.workers?.length ?? 0
  const setup = workers === null || count === 0 ? null : workers.setup / count
  const repeats = report.sample === null ? null : repeatedPart(report.sample, figures.items)
  const again =
    repeats === null || work === null ? null : Math.min(milliseconds, (repeats.part * work) / report.threads)
  const hasLongSetup = setup !== null && setup >= SETUP_SHARE * milliseconds
  if (again !== null && again >= REPEATED_SHARE * milliseconds && again >= (hasLongSetup ? setup : 0))
    return problem(
      'repetition',
      again,
      `${capital(repeats!.text)}.`,
      'Do the same work once: call the function for the distinct items only.',
    )
  if (hasLongSetup)
    return problem(
      'repetition',
      setup,
      `Each of ${count} threads spent ${showTime(setup)} of ${showTime(milliseconds)} on loading and setup.`,
      'Keep the pool for several runs, prepare once and send the result in `shared`, or use a smaller `size`.',
    )
  if (setup === null && again === null)
    return unknown('repetition', `The backend ${report.backend} measures no setup, and no items were compared.`)
  const seen = [
    ...(setup === null ? [] : [`setup took ${showTime(setup)} for each thread`]),
    ...(repeats === null ? ['items were not compared'] : [repeats.text]),
  ]
  return fine('repetition', `${capital(seen.join('; '))}. Work that different items share cannot be seen.`)
}

/** The sample says nothing if fewer items than this were looked at. */
const LEAST_SAMPLE = 16
/** Items are taken for distinct if fewer than this part of the sample is repeated: that may be chance. */
const REPEATED_SAMPLE = 0.1

interface Repeats {
  /** The part of the items that equal others before them and have the same results, from 0 to 1. */
  readonly part: number
  readonly text: string
}

function repeatedPart(sample: SampledValues, total: number): Repeats | null {
  const { items, distinctItems, results, distinctResults } = sample
  if (items < LEAST_SAMPLE || results === 0) return null
  const text = `${distinctItems} of ${items} items that were compared differ from each other`
  if (distinctItems > (1 - REPEATED_SAMPLE) * items) return { part: 0, text }
  const distinct = distinctAmong(items, distinctItems, total)
  // The function is called for its effects, or is random, if equal items have different results.
  if (distinctAmong(results, distinctResults, total) > 1.5 * distinct)
    return { part: 0, text: `${text}, and equal items have different results` }
  return { part: Math.max(0, 1 - distinct / total), text: `only ${text}` }
}

/** Estimates how many of all values are distinct, from a sample: of D values, n draws give D (1 - exp(-n / D)) distinct ones. */
function distinctAmong(n: number, distinct: number, total: number): number {
  if (n >= total || distinct >= n) return Math.max(distinct, distinct >= n ? total : 0)
  let [low, high] = [distinct, total]
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    if (middle * -Math.expm1(-n / middle) < distinct) low = middle
    else high = middle
  }
  return low
}

/** Pitfall 5: chunks are too small, so that there are many messages, or too large, so that threads end at different times. */
export function chunks(figures: Figures): Verdict {
  const { report, milliseconds, items, item, crossing, crossingShare, crossingCost, crossingCause, idealChunk } =
    figures
  const { chunkSize, tail } = report
  const { sent, mean } = report.chunks
  if (sent === 0) return unknown('chunks', 'No chunk was sent.')
  const size = `${sent} ${sent === 1 ? 'chunk' : 'chunks'} of ${showCount(mean)} ${mean === 1 ? 'item' : 'items'}`
  const remedy = `Leave \`chunkSize\` out, or set it to about ${Math.min(idealChunk, Math.max(1, items))}.`
  if (crossingCause === 'chunks' && crossingShare >= CROSSING_SHARE)
    return problem(
      'chunks',
      crossingCost,
      `${showShare(crossingShare)} of the threads' time went into the messages for ${size}: an item takes ${showTime(item!)}, a message ${showTime(crossing! / sent)}.`,
      remedy,
    )
  const isUneven = tail !== null && tail >= TAIL_SHARE * milliseconds
  if (chunkSize !== 'auto' && chunkSize > 1 && isUneven && !hasLargest(figures) && sent < 8 * report.threads)
    return problem(
      'chunks',
      tail * (1 - 1 / report.threads),
      `Not all threads worked in the last ${showTime(tail)} of ${showTime(milliseconds)}: the run had ${size}.`,
      remedy,
    )
  if (crossing === null && tail === null)
    return unknown('chunks', `The run had ${size}; the backend ${report.backend} does not measure what they cost.`)
  const end = tail === null ? '' : ` Not all threads worked in the last ${showTime(tail)}.`
  return fine('chunks', `The run had ${size}.${end}`)
}

/** One item is too long if it takes this part of the tail, and if the tail is a problem. */
const LARGEST_SHARE = 0.5

/** Whether one item took so long that other threads had nothing left to do. */
export function hasLargest({ report, milliseconds }: Figures): boolean {
  const { tail, itemTimes, threads } = report
  if (tail === null || itemTimes.max === null || threads < 2) return false
  return tail >= TAIL_SHARE * milliseconds && itemTimes.max >= LARGEST_SHARE * milliseconds
}

const showCount = (value: number) =>
  value < 10 && !Number.isInteger(value) ? value.toFixed(1) : `${Math.round(value)}`

const capital = (text: string) => `${text[0].toUpperCase()}${text.slice(1)}`
