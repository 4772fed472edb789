/** What a diagnosis consists of, and how its verdicts are made. */

/** What verdicts are about, and what each of them says. */
export const subjects = {
  overhead: 'Whether crossing takes longer than the work of small items, or the start of threads than the run',
  values: 'Whether values could not cross (E_NOT_CLONEABLE), or lost their class',
  data: 'How much was copied each way, and how long that took',
  repetition: 'Whether threads spend much of the run on setup, or items come again and again',
  chunks: 'Whether chunks are too small, so that messages cost more than the work, or so large that threads end late',
  waiting: 'Whether functions wait, in the event loop of their threads or in calls that block',
  files: 'Whether the files of a noise task are so short that the JS thread is the limit',
  disk: 'Whether threads that add noise wait for the disk',
  source: 'Whether threads wait for items',
  consumer: 'Whether threads wait because results are not taken',
  largest: 'Whether one item takes so long that other threads have nothing left to do',
  backend: 'Which backend was chosen and why, and whether threads or the addon are missing',
  machine: 'Whether other programs or a quota took the CPUs',
  cpu: 'How much of the CPUs the process used',
} as const

/** What a verdict is about. */
export type Subject = keyof typeof subjects

/**
 * What the figures of a run say about one subject.
 *
 * @example
 * import { diagnose, moduleTask, Pool, type RunReport, type Verdict } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * const isAbout = ({ subject }: Verdict) => subject === 'values'
 * const onReport = (report: RunReport) => console.log(diagnose(report).verdicts.find(isAbout)?.state)
 * await using pool = new Pool()
 * await pool.map(square, [1, 2, 3], { onReport }) // -> fine
 */
export interface Verdict {
  /** What the verdict is about. */
  readonly subject: Subject
  /** 'problem', 'fine', or 'unknown' if what would tell was not measured. */
  readonly state: 'problem' | 'fine' | 'unknown'
  /** Milliseconds of the run that the problem took, about; null if there is none, or if it took no time. */
  readonly milliseconds: number | null
  /** One sentence or two, with the figures. */
  readonly text: string
  /** What to change, in words; null if there is no problem. */
  readonly remedy: string | null
}

export const problem = (subject: Subject, milliseconds: number | null, text: string, remedy: string): Verdict => ({
  subject,
  state: 'problem',
  milliseconds,
  text,
  remedy,
})

export const fine = (subject: Subject, text: string): Verdict => ({
  subject,
  state: 'fine',
  milliseconds: null,
  text,
  remedy: null,
})

export const unknown = (subject: Subject, text: string): Verdict => ({
  subject,
  state: 'unknown',
  milliseconds: null,
  text,
  remedy: null,
})
