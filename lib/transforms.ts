/** `transformTask`: a task that passes the samples of files through a function of a user. */

import type { TransformOutcome } from './audio/job.js'
import { checkKeys, checkObject } from './checks.js'
import { AUDIO_OPTIONS, type AudioOptions, checkAudioOptions } from './plan/transform-options.js'
import type { TransformResult } from './plan/transform-results.js'
import { type TransformItem, TransformRun } from './plan/transform-run.js'
import { checkCall, type ModuleTaskOptions } from './pool/module-options.js'
import { defineTask, type Task } from './task.js'

/**
 * Options of `transformTask`.
 *
 * @example
 * import { Pool, type TransformOptions, transformTask } from 'noisemill'
 *
 * // gain.js: export const gain = ({ channels }, factor) => channels.map((samples) => samples.map((x) => factor * x))
 * const options: TransformOptions = { out: 'louder', data: 2, blocks: true }
 * const task = transformTask(new URL('./gain.js', import.meta.url), 'gain', options)
 * await using pool = new Pool()
 * for (const { output, clipped } of await pool.map(task, ['speech/a.wav'])) console.log(output, clipped)
 * // -> louder/a.wav 0
 */
export interface TransformOptions
  extends AudioOptions,
    Pick<ModuleTaskOptions, 'setup' | 'teardown' | 'data' | 'shared'> {}

const CALL_OPTIONS = ['setup', 'teardown', 'data', 'shared']

/**
 * A task that passes samples through a function, made by `transformTask`.
 *
 * @example
 * import { Pool, type TransformTask, transformTask } from 'noisemill'
 *
 * // half.js: export const half = ({ channels }) => channels.map((samples) => samples.map((x) => x / 2))
 * const half: TransformTask = transformTask(new URL('./half.js', import.meta.url), 'half', { out: 'softer' })
 * await using pool = new Pool()
 * for await (const { output } of pool.imap(half, ['speech/a.wav'])) console.log(output) // -> softer/a.wav
 */
export type TransformTask = Task<TransformItem, TransformResult>

/**
 * Makes a task that reads a WAV file, calls a function of your own with its samples, and writes what
 * the function made of them to the output folder. `map`, `imap` and `imapUnordered` of a Pool run it.
 *
 * The function gets an `Audio` with the samples, and with `setup` or `data` a second argument. It
 * changes the samples, or returns others, also another number of them or at another rate; see
 * `Transformed`. It may be async. Its third argument is a `TaskContext`.
 *
 * @param url file: URL or absolute path of a JavaScript module, such as `new URL('./gain.js',
 * import.meta.url)`
 * @param name name of the exported function, 'default' by default
 * @throws NoisemillError E_OPTION_INVALID or E_OPTION_UNKNOWN
 * @example
 * import { Pool, transformTask } from 'noisemill'
 *
 * // half.js: export function half({ channels }) { for (const x of channels) for (let i = 0; i < x.length; i++) x[i] /= 2 }
 * const half = transformTask(new URL('./half.js', import.meta.url), 'half', { out: 'softer' })
 * await using pool = new Pool()
 * for await (const { output, frames } of pool.imap(half, ['speech/a.wav', 'speech/b.wav'])) console.log(output, frames)
 * // -> softer/a.wav 1600
 * // -> softer/b.wav 3200
 */
export function transformTask(url: URL | string, name?: string, options: TransformOptions = {}): TransformTask {
  checkObject('options', options)
  checkKeys(options, [...AUDIO_OPTIONS, ...CALL_OPTIONS])
  const { setup, teardown, data, shared } = options
  const own = { setup, teardown, data, shared } as ModuleTaskOptions
  const settings = checkAudioOptions(options)
  const { call, prepare } = checkCall(url, name ?? 'default', own, { around: 'audio', transferResults: true })
  return defineTask<TransformItem, unknown, TransformOutcome, TransformResult, TransformResult, TransformResult>({
    work: { kind: 'calls', call },
    errors: 'collect',
    endsWhenCancelled: false,
    givesValues: false,
    start() {
      prepare()
      return new TransformRun(settings, {})
    },
  })
}
