/** Records of benchmarks made by hand, for tests of the report. */

import {
  type BenchRecord,
  RECORD_FORMAT,
  RECORD_VERSION,
  type Row,
  type Trial,
  type WorkloadRecord,
} from '../../bench/harness/record.js'
import type { Size, Workload } from '../../bench/harness/workload.js'

/** A row with one trial for each value. What a test does not say is left out. */
export const row = (
  name: string,
  values: readonly number[],
  rest: Partial<Row> & { trial?: Partial<Trial> } = {},
): Row => {
  const { trial, ...fields } = rest
  return {
    name,
    label: name,
    kind: 'noisemill',
    trials: values.map((value) => ({ value, seconds: value, ...trial })),
    ...fields,
  }
}

export const workload = (name: string, rows: readonly Row[], rest: Partial<WorkloadRecord> = {}): WorkloadRecord => ({
  name,
  title: `Title of ${name}`,
  question: `What does ${name} ask?`,
  unit: 's',
  reference: rows[0]?.name ?? 'none',
  work: `the work of ${name}`,
  missing: [],
  failed: [],
  rows: [...rows],
  ...rest,
})

export const record = (workloads: readonly WorkloadRecord[], rest: Partial<BenchRecord> = {}): BenchRecord => ({
  format: RECORD_FORMAT,
  version: RECORD_VERSION,
  size: 'full',
  noisemill: { version: '0.1.0', commit: 'abcdef0123456789' },
  machine: {
    cpu: 'Some CPU',
    cores: 2,
    memory: 8e9,
    system: 'linux 6.1.0 x64',
    fileSystem: 'tmpfs',
    versions: { node: '20.20.2', v8: '11.3', uv: '1.46' },
  },
  started: '2026-11-29T10:00:00.000Z',
  ended: '2026-11-29T10:30:00.000Z',
  workloads: [...workloads],
  ...rest,
})

/** Values near each other, the same ones for the same name. */
function valuesFor(name: string, middle: number, rounds: number): number[] {
  let state = [...name].reduce((sum, character) => (31 * sum + character.charCodeAt(0)) >>> 0, 7)
  return Array.from({ length: rounds }, () => {
    state = (1_103_515_245 * state + 12_345) >>> 0
    return middle * (1 + 0.1 * (state / 2 ** 32))
  })
}

/** Times of ways by words in the names of contenders, in some unit. */
const SPEEDS: readonly (readonly [RegExp, number])[] = [
  [/^(cp|bytes|calls|copy|node|nothing)/, 0.3],
  [/native|well|numpy/, 0.5],
  [/wasm|workers$|workers-\d|processes/, 1.2],
  [/threads|imap|map/, 5],
  [/./, 9],
]

const speedOf = (name: string) => SPEEDS.find(([words]) => words.test(name))![1]

/** A record of all workloads as a run would make it, with values that depend on names alone. */
export function plausibleRecord(workloads: readonly Workload[], size: Size = 'full', rounds = 7): BenchRecord {
  const cores = [0, 1].map((core) => Array.from({ length: 20 }, (_, i) => (core === 0 || i % 3 > 0 ? 0.9 : 0.1)))
  const figures: Readonly<Record<string, Trial['figures']>> = {
    'js-thread': { edges: [0.1, 1, 10, 100], counts: [400, 90, 10], sent: 500, served: 480, p50: 0.4 },
    'pitfall-values': { crossed: 0, reported: 1, named: 0, hung: 0 },
  }
  const made = workloads.map((one) => {
    const present = one.contenders(size).filter(({ isOnlyInFull }) => size === 'full' || !isOnlyInFull)
    const rows = present.map(({ name, label, kind, limit, series, x }) => {
      const middle = one.name === 'jobs' && x !== undefined ? speedOf(name) / Math.min(2, x) ** 0.9 : speedOf(name)
      return row(name, valuesFor(name, middle, rounds), {
        label,
        kind,
        ...(limit !== undefined && { limit }),
        ...(series !== undefined && { series }),
        ...(x !== undefined && { x }),
        trial: {
          seconds: middle,
          cpu: 1.5 * middle,
          memory: 50 + name.length,
          others: 0.01,
          cores: { interval: 100, use: cores },
          ...(figures[one.name] && { figures: figures[one.name]! }),
          ...(one.name === 'pitfall-values' && { note: 'DataCloneError: <b> could not be cloned.' }),
        },
      })
    })
    const { name, title, question, unit, reference } = one
    return workload(name, rows, { title, question, unit, reference, work: one.work(size) })
  })
  return record(made, { size, rounds })
}
