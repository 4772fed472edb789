/** Runs without a pool, over an executor that stands in for a backend. */

import type { Items } from '../../dist/index.js'
import { Cancellation, type Execute } from '../../dist-lib/backends/backend.js'
import { Run, type RunParts } from '../../dist-lib/pool/run.js'
import { Source } from '../../dist-lib/pool/source.js'
import type { TaskRun } from '../../dist-lib/task.js'

const numbersTask: TaskRun<number, number, number, number> = {
  plan: (item) => [{ job: item }],
  settle: (_, value) => value,
  fail: (_, error) => {
    throw error
  },
  failureOf: () => undefined,
}

type NumberParts = RunParts<number, number, number, number>

/** A run of numbers, in order on one thread unless told otherwise, over an executor in the place of a backend. */
export function numberRun(
  items: Items<number>,
  execute: Execute<number, number>,
  parts: Partial<NumberParts> = {},
): AsyncGenerator<number, void, undefined> {
  const defaults = { threads: 1, chunkSize: 'auto', inOrder: true, stopAtFailure: true, cancelsSoon: false } as const
  const source = new Source(items)
  return new Run({
    source,
    task: numbersTask,
    execute,
    cancellation: new Cancellation(),
    ...defaults,
    ...parts,
  }).results()
}
