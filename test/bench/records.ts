/** Records of benchmarks made by hand, for tests of the report. */

import {
  type BenchRecord,
  RECORD_FORMAT,
  RECORD_VERSION,
  type Row,
  type Trial,
  type WorkloadRecord,
} from '../../bench/harness/record.js'

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
