/** The x axes of workloads whose contenders are points of curves. */

import { showCount } from '../harness/text.js'
import { showDuration } from './show.js'

export interface Axis {
  readonly label: string
  /** What is compared along it: 'by length of a file'. */
  readonly by: string
  readonly isLogarithmic: boolean
  readonly show: (x: number) => string
}

const count =
  (noun: string, plural = `${noun}s`) =>
  (x: number) => {
    const rounded = x < 10 ? Number(x.toPrecision(2)) : Math.round(Number(x.toPrecision(2)))
    return `${showCount(rounded)} ${rounded === 1 ? noun : plural}`
  }

const chunks: Axis = {
  label: 'items in a chunk',
  by: 'size of chunks',
  isLogarithmic: true,
  show: count('item'),
}

const axes: Readonly<Record<string, Axis>> = {
  jobs: { label: 'files at a time', by: 'number of jobs', isLogarithmic: false, show: count('job') },
  long: { label: 'threads that share the file', by: 'number of threads', isLogarithmic: false, show: count('thread') },
  lengths: { label: 'seconds of sound in a file', by: 'length of a file', isLogarithmic: true, show: showDuration },
  counts: { label: 'files', by: 'number of files', isLogarithmic: true, show: count('file') },
  channels: { label: 'channels', by: 'number of channels', isLogarithmic: true, show: count('channel') },
  'pitfall-chunks': chunks,
  'pool-numbers': chunks,
}

export const axisOf = (workload: string): Axis =>
  axes[workload] ?? { label: 'x', by: 'x', isLogarithmic: true, show: (x) => String(Number(x.toPrecision(2))) }
