/** Verdicts on why threads had nothing to do, or no CPU. */

import { showShare, showTime } from '../../show.js'
import type { RunReport } from '../run-report.js'
import { type Figures, worksElsewhere } from './figures.js'
import { hasLargest } from './pitfalls.js'
import { fine, problem, unknown, type Verdict } from './verdict.js'

/** Waiting for the source or the consumer is a problem from this part of the run on. */
const WAIT_SHARE = 0.2
/** Waiting inside items is a problem from this part of the threads' busy time on. */
const WAITING_SHARE = 0.3
/** From this `concurrency` on, a thread that waits has been given enough to do. */
const ENOUGH_CONCURRENCY = 10
const MOST_CONCURRENCY = 100
/** Waiting for a CPU is a problem if this part of the time of all CPUs went elsewhere. */
const MACHINE_SHARE = 0.2
/** From this part on, the CPUs are said to be used in full. */
const FULL_CPU = 0.75

export function source({ report, milliseconds, sourceTime }: Figures): Verdict {
  if (report.items.taken === 0) return unknown('source', 'The source gave no items.')
  const share = sourceTime / milliseconds
  const text = `Threads waited ${showTime(sourceTime)} of ${showTime(milliseconds)} because the source gave no items`
  if (share < WAIT_SHARE) return fine('source', `${text}.`)
  return problem(
    'source',
    sourceTime,
    `${text}: ${showTime(sourceTime / report.items.taken)} for each item.`,
    report.task === 'files'
      ? 'Searching the folders takes this time: use a faster disk, or run several processes on parts of them.'
      : 'Make the source faster, or do its work in the function: send names, and read in the threads.',
  )
}

export function consumer({ report, milliseconds }: Figures): Verdict {
  const { consumer } = report.waits
  const text = `Threads waited ${showTime(consumer)} of ${showTime(milliseconds)} because the consumer took no results`
  if (consumer < WAIT_SHARE * milliseconds) return fine('consumer', `${text}.`)
  return problem('consumer', consumer, `${text}.`, 'Make the consumer faster, or do its work in the function.')
}

/** Functions that wait, in the event loop of their threads or in blocking calls. */
export function waiting(figures: Figures): Verdict {
  const { report, milliseconds, items, workers, blocked } = figures
  if (workers === null || workers.busy === 0)
    return unknown('waiting', `The backend ${report.backend} does not measure how long functions wait.`)
  const { concurrency, threads } = report
  const share = workers.waiting / workers.busy
  const text = `Threads waited ${showShare(share)} of the time of their items for timers, files or a network`
  const wanted = Math.min(MOST_CONCURRENCY, Math.round(concurrency / Math.max(1 - share, 0.01)))
  if (share >= WAITING_SHARE) {
    if (concurrency >= ENOUGH_CONCURRENCY || items <= threads * concurrency)
      return fine('waiting', `${text}, with up to ${concurrency} items in each thread.`)
    const cost = Math.min(milliseconds, workers.waiting / threads)
    return problem(
      'waiting',
      cost,
      `${text}.`,
      `Set \`concurrency\` to about ${wanted}, so that a thread waits for several items at once.`,
    )
  }
  if (blocked === null) return fine('waiting', `${text}. Whether calls blocked their threads was not measured.`)
  if (blocked >= WAITING_SHARE * workers.busy)
    return problem(
      'waiting',
      Math.min(milliseconds, blocked / threads),
      `Threads were blocked ${showShare(Math.min(1, blocked / workers.busy))} of the time of their items, in calls that do not return until they have waited.`,
      'Use asynchronous calls and `concurrency`, or a larger `size` of the pool.',
    )
  return fine('waiting', `${text}.`)
}

export function largest(figures: Figures): Verdict {
  const { report, milliseconds, items } = figures
  const { tail, itemTimes, threads } = report
  if (tail === null || itemTimes.max === null)
    return unknown('largest', `The backend ${report.backend} does not measure single items and when its threads end.`)
  const text = `The longest item took ${showTime(itemTimes.max)} of ${showTime(milliseconds)}`
  if (!hasLargest(figures) || items < 2) return fine('largest', `${text}.`)
  return problem(
    'largest',
    tail * (1 - 1 / threads),
    `${text}, and not all threads worked in the last ${showTime(tail)}; half of the items took at most ${showTime(itemTimes.p50!)}.`,
    'Begin with the longest item, or divide it.',
  )
}

/** Other programs, or a quota, took the CPUs. */
export function machine({ report, milliseconds }: Figures): Verdict {
  const { cpu, cpus, waitedForCpu } = report.process
  if (waitedForCpu === null) return unknown('machine', 'How long threads waited for a CPU is measured on Linux only.')
  const lost = Math.min(waitedForCpu, Math.max(0, milliseconds * cpus - cpu))
  const share = lost / (milliseconds * cpus)
  const text = `Threads waited ${showTime(waitedForCpu)} for a CPU, and ${whoUsed(report)} used ${showShare(cpu / (milliseconds * cpus))} of ${showCpus(cpus)}`
  if (share < MACHINE_SHARE) return fine('machine', `${text}.`)
  return problem(
    'machine',
    share * milliseconds,
    `${text}: other programs or a quota took ${showShare(share)}.`,
    'End other programs, raise the quota of CPU time, or measure again when the machine is idle.',
  )
}

/** How much of the CPUs was used. @param others all other verdicts, which may say why it was little */
export function cpu({ report, milliseconds }: Figures, others: readonly Verdict[]): Verdict {
  const { cpu, cpus } = report.process
  const share = cpu / (milliseconds * cpus)
  const text = `${capitalised(whoUsed(report))} used ${showShare(share)} of ${showCpus(cpus)}`
  if (worksElsewhere(report.backend))
    return unknown('cpu', `${text}. What the workers of the queue use on their machines is not measured.`)
  if (share >= FULL_CPU) return fine('cpu', `${text}, so the run was as fast as the CPUs allow for this work.`)
  const causes = others.filter(({ state }) => state === 'problem').map(({ subject }) => subject)
  if (causes.length > 0) return fine('cpu', `${text}; the problems above say why not more.`)
  return unknown('cpu', `${text}; the figures do not tell why not more.`)
}

/** Whose CPU time a report has. */
const whoUsed = ({ backend }: RunReport) => (backend === 'processes' ? 'the processes' : 'the process')

const capitalised = (text: string) => text[0].toUpperCase() + text.slice(1)

const showCpus = (cpus: number) => (cpus === 1 ? '1 CPU' : `${cpus} CPUs`)
