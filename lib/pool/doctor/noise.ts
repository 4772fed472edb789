/** Verdicts on runs that add noise, and on the backend. */

import type { PoolInfo } from '../../backends/options.js'
import { showShare, showTime } from '../../show.js'
import type { Figures } from './figures.js'
import { fine, problem, unknown, type Verdict } from './verdict.js'

/** The disk is a problem if threads waited for it in this part of the time of their files. */
const DISK_SHARE = 0.3
/** Files are short if one takes less than this. */
const SHORT_FILE = 1
/** Short files are a problem if the JS thread was busy for this part of the run, and the CPUs less. */
const JS_THREAD_SHARE = 0.7
const FULL_CPU = 0.75

export function disk({ report, milliseconds, work, blocked }: Figures): Verdict {
  if (work === null || blocked === null || work === 0)
    return unknown(
      'disk',
      'Whether threads waited for the disk is measured on Linux only, and not with the backends inline and bullmq.',
    )
  const share = blocked / work
  const text = `Threads waited for the disk in ${showShare(share)} of the time of their files`
  if (share < DISK_SHARE) return fine('disk', `${text}.`)
  return problem(
    'disk',
    Math.min(milliseconds, blocked / report.threads),
    `${text}: the disk is the limit.`,
    'Use a larger `size`, a faster disk, or leave out `fsync`.',
  )
}

export function files({ report, milliseconds, items, item }: Figures): Verdict {
  if (item === null || items === 0) return unknown('files', 'No file was measured.')
  const { cpu, cpus, jsThread } = report.process
  const text = `A file takes ${showTime(item)}, and the JS thread ${showTime(jsThread / items)}`
  const isBottleneck = jsThread >= JS_THREAD_SHARE * milliseconds && cpu < FULL_CPU * milliseconds * cpus
  if (item >= SHORT_FILE || !isBottleneck || report.backend === 'inline') return fine('files', `${text}.`)
  return problem(
    'files',
    jsThread - milliseconds / report.threads,
    `${text}: the files are so short that the JS thread is the limit.`,
    'Run several processes, each on a part of the files.',
  )
}

/** @param info of the pool; undefined if it is not known */
export function backend({ report }: Figures, info: PoolInfo | undefined): Verdict {
  if (info === undefined) return unknown('backend', 'Why the backend was chosen is not known without `pool.info`.')
  const { reason, remedy, shortage } = info
  if (shortage !== null)
    return problem('backend', null, `There are ${shortage}.`, 'Raise the limit of processes, open files or memory.')
  const text = `The backend is ${report.backend} (${reason})`
  if (remedy !== null && (report.task !== 'calls' || report.backend === 'inline'))
    return problem('backend', null, `${text}, which is slower than native.`, `To get the addon, ${remedy}.`)
  return fine('backend', `${text}.`)
}
