/** The doctor: turns the report of a run into verdicts, in words, with the settings to change. */

import type { PoolInfo } from '../backends/options.js'
import { plural, showTime } from '../show.js'
import { figuresOf } from './doctor/figures.js'
import * as idle from './doctor/idle.js'
import * as noise from './doctor/noise.js'
import * as pitfalls from './doctor/pitfalls.js'
import type { Verdict } from './doctor/verdict.js'
import type { RunReport } from './run-report.js'

export type { Verdict } from './doctor/verdict.js'

/**
 * What the figures of a run say.
 *
 * @example
 * import { type Diagnosis, diagnose, moduleTask, Pool } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * const about = ({ verdicts }: Diagnosis) => verdicts.map(({ subject }) => subject)
 * await using pool = new Pool()
 * await pool.map(square, [1, 2], { onReport: (report) => console.log(about(diagnose(report)).includes('overhead')) })
 * // -> true
 */
export interface Diagnosis {
  /** Duration of the run in milliseconds. */
  readonly milliseconds: number
  /** One verdict for each subject: problems first, the costliest first, then what is unknown, then what is fine. */
  readonly verdicts: readonly Verdict[]
}

/**
 * Says what a run spent its time on, and which settings to change. It needs nothing but the report;
 * a subject that the report cannot tell is 'unknown'.
 *
 * @param info `pool.info`, for the verdict on the backend
 * @example
 * import { diagnose, moduleTask, Pool, showDiagnosis } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * await using pool = new Pool()
 * await pool.map(square, [1, 2, 3], {
 *   onReport: (report) => console.log(showDiagnosis(diagnose(report)).includes('All values crossed')),
 * })
 * // -> true
 */
export function diagnose(report: RunReport, info?: PoolInfo): Diagnosis {
  const figures = figuresOf(report)
  const ofTask =
    report.task === 'calls'
      ? [
          pitfalls.overhead(figures),
          pitfalls.values(figures),
          pitfalls.data(figures),
          pitfalls.repetition(figures),
          pitfalls.chunks(figures),
          idle.waiting(figures),
        ]
      : [noise.files(figures), noise.disk(figures)]
  const others = [
    ...ofTask,
    idle.source(figures),
    idle.consumer(figures),
    idle.largest(figures),
    noise.backend(figures, info),
    idle.machine(figures),
  ]
  const verdicts = [...others, idle.cpu(figures, others)]
  return { milliseconds: report.milliseconds, verdicts: verdicts.sort((a, b) => rank(b) - rank(a)) }
}

/** Problems come first, and those that cost no time before those that do. */
function rank({ state, milliseconds }: Verdict): number {
  if (state === 'problem') return milliseconds ?? Number.MAX_VALUE
  return state === 'unknown' ? -1 : -2
}

/**
 * Formats a diagnosis as text, with a line for each verdict. It says first whether there is a problem.
 *
 * @example
 * import { diagnose, moduleTask, Pool, showDiagnosis } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * await using pool = new Pool()
 * await pool.map(square, [1, 2, 3], {
 *   onReport: (report) => console.log(showDiagnosis(diagnose(report)).includes('values')),
 * })
 * // -> true
 */
export function showDiagnosis({ milliseconds, verdicts }: Diagnosis): string {
  const problems = verdicts.filter(({ state }) => state === 'problem')
  return [
    problems.length === 0
      ? `No problem was found in a run of ${showTime(milliseconds)}.`
      : `A run of ${showTime(milliseconds)} had ${plural(problems.length, 'problem')}.`,
    ...verdicts.map(
      ({ subject, state, text, remedy }) =>
        `  ${state.padEnd(8)} ${subject.padEnd(11)} ${text}${remedy === null ? '' : ` ${remedy}`}`,
    ),
  ].join('\n')
}
