/** Reports of runs that never were, with figures made by hand. */

import type { RunReport, WorkerFigures } from '../../dist/index.js'

/** A change of some fields, at any depth. */
export type Change<T> = T extends readonly unknown[] | null
  ? T
  : T extends object
    ? { readonly [Field in keyof T]?: Change<T[Field]> | undefined }
    : T

const worker = (number: number): WorkerFigures => ({
  worker: number,
  start: 40,
  setup: 5,
  busy: 940,
  waiting: 0,
  crossing: 5,
  idle: 10,
  items: 235,
  loads: 50,
})

/** A run of a second on two idle CPUs, of 470 items of 4 ms, in which nothing is wrong. */
const healthy: RunReport = {
  run: 1,
  method: 'map',
  task: 'calls',
  function: 'work',
  backend: 'native',
  threads: 2,
  concurrency: 1,
  chunkSize: 'auto',
  ended: 'done',
  error: undefined,
  milliseconds: 1000,
  firstResult: 50,
  items: { total: 470, taken: 470, done: 470, failed: 0, unfinished: 0 },
  failures: {},
  itemTimes: { total: 1880, mean: 4, p50: 4, p90: 4.1, p99: 4.5, max: 5 },
  calibration: null,
  chunks: { sent: 100, smallest: 1, mean: 4.7, largest: 5, takenBack: 0, queuedMean: 20, queuedMax: 40 },
  bytes: { sent: 1880, received: 1880, data: 0, isEstimate: false },
  sample: { items: 235, distinctItems: 235, results: 235, distinctResults: 235 },
  lostClass: null,
  crossing: { posting: 4, workers: 10 },
  waits: { source: 0, planning: 2, consumer: 0 },
  tail: 4,
  workers: [worker(1), worker(2)],
  process: { cpus: 2, cpu: 1940, jsThread: 30, waitedForCpu: 10 },
}

function changed(value: unknown, change: unknown): unknown {
  if (change === undefined) return value
  const isPlain = [value, change].every((each) => typeof each === 'object' && each !== null && !Array.isArray(each))
  if (!isPlain) return change
  const fields = Object.entries(change as object).map(([name, inner]) => [
    name,
    changed((value as Record<string, unknown>)[name], inner),
  ])
  return { ...(value as object), ...Object.fromEntries(fields) }
}

export const reportWith = (change: Change<RunReport> = {}): RunReport => changed(healthy, change) as RunReport

/** Both workers of the report, with some other figures. */
export const workersWith = (figures: Partial<WorkerFigures>): WorkerFigures[] =>
  [worker(1), worker(2)].map((each) => ({ ...each, ...figures }))
