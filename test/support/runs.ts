/** Makes runs without a pool, on a backend that follows a test's script. */

import type { Items } from '../../dist/index.js'
import type { Backend } from '../../dist-lib/backends/backend.js'
import { Cancellation } from '../../dist-lib/backends/cancellation.js'
import { Run, type RunParts } from '../../dist-lib/pool/run.js'
import { Source } from '../../dist-lib/pool/source.js'
import type { TaskRun } from '../../dist-lib/task.js'
import { type Script, ScriptedBackend } from './scripted-backend.js'

const numbersTask: TaskRun<number, number, number, number> = {
  copies: 1,
  plan: (item) => ({ job: item }),
  result: (_, value) => value,
  fail: (_, error) => {
    throw error
  },
  failureOf: () => undefined,
}

type NumberParts = RunParts<number, number, number, number>

/** Starts a run over numbers, on a backend that follows a script. By default, it has one thread and keeps the order. */
export function numberRun(
  items: Items<number>,
  script: Script,
  parts: Partial<NumberParts> = {},
): AsyncGenerator<number, void, undefined> {
  return new Run({
    source: new Source(items),
    work: { kind: 'calls', call: { url: 'file:///unused', name: 'unused', setup: undefined, data: undefined } },
    task: numbersTask,
    prepare: undefined,
    backend: new ScriptedBackend(script) as unknown as Backend,
    cancellation: new Cancellation(),
    threads: 1,
    chunkSize: 'auto',
    limits: { concurrency: 1, timeout: undefined },
    retries: undefined,
    maxErrors: Infinity,
    calibrate: false,
    onProgress: undefined,
    onReport: undefined,
    method: 'imap',
    inOrder: true,
    stopAtFailure: true,
    givesValues: false,
    endsWhenCancelled: false,
    enter: () => () => {},
    ...parts,
  }).results() as AsyncGenerator<number, void, undefined>
}
