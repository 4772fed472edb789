/** The rows of two builds that are compared, and how a pair of a row is measured. */

import { mkdirSync, rmSync } from 'node:fs'
import type { Trial } from './record.js'
import type { Selection } from './selection.js'
import { type Step, Stepper } from './steps.js'
import { runTrial } from './trial.js'
import type { Command, Contender, Place } from './workload.js'

/** Something for each of two builds. */
export interface Two<T> {
  readonly before: T
  readonly now: T
}

/** One row for two builds. */
export interface ComparedRow {
  /** Such as `start/pool`. */
  readonly name: string
  readonly label: string
  /** Why it cannot run here. */
  readonly missing?: Contender['missing']
  /** Makes the inputs, which both builds read. */
  prepare?(place: Place): Promise<void>
  /** Takes turns with both builds, and returns what each took, in the same unit. */
  measure(places: Two<Place>, options: MeasureOptions): Promise<Two<Taken>>
}

export interface MeasureOptions {
  /** Whether the current build begins. */
  readonly isNowFirst: boolean
  readonly signal: AbortSignal
}

/** What a build took in a pair. */
export interface Taken {
  /** The shortest time of all turns, because whatever disturbs makes it longer. */
  readonly time: number
  /**
   * CPU time of all threads, which other programs affect much less than the time. It does not show
   * waiting, nor work that is spread worse over the cores. Undefined if it is not known.
   */
  readonly cpu?: number
  readonly digest?: string
}

type Build = keyof Two<unknown>

/** Turns of a pair: 'before now now before' and so on, so that a steady trend of the machine cancels out. */
function turns(count: number, isNowFirst: boolean): Build[] {
  const [first, second]: Build[] = isNowFirst ? ['now', 'before'] : ['before', 'now']
  return Array.from({ length: count }, (_, i) => (i % 2 === 0 ? [first, second] : [second, first])).flat()
}

/** Processes of each build in a pair of a row in which a process is a trial. */
const PROCESSES = 4

const LIMIT_SECONDS = 120

/** The CPU time is the sum, because that of one process is known to 10 ms only. */
function bestOf(trials: readonly Trial[]): Taken {
  const cpus = trials.map(({ cpu }) => cpu).filter((cpu) => cpu !== undefined)
  const { digest } = trials[0]
  return {
    time: Math.min(...trials.map(({ value }) => value)),
    ...(cpus.length === trials.length && { cpu: cpus.reduce((sum, cpu) => sum + cpu, 0) }),
    ...(digest !== undefined && { digest }),
  }
}

/** Contenders that are marked as compared. */
export const comparedContenders = (selections: readonly Selection[]): ComparedRow[] =>
  selections.flatMap(({ workload, contenders }) =>
    contenders
      .filter(({ isCompared }) => isCompared)
      .map((contender) => ({
        name: `${workload.name}/${contender.name}`,
        label: contender.label,
        ...(contender.missing && { missing: contender.missing }),
        ...(workload.prepare && { prepare: workload.prepare }),
        measure: async (places, { isNowFirst, signal }) => {
          const trials: Two<Trial[]> = { before: [], now: [] }
          for (const build of turns(PROCESSES, isNowFirst))
            trials[build].push(await runTrial(workload, contender, places[build], { signal, limit: LIMIT_SECONDS }))
          return { before: bestOf(trials.before), now: bestOf(trials.now) }
        },
      })),
  )

/** Steps before the measured ones, the fewest measured ones, and the time in which there may be more. */
const STEPS = { warmUp: 10, fewest: 12, seconds: 0.5 }

/** A row in which two processes live at the same time, one of each build, and take turns. */
export function steppedRow(
  name: string,
  label: string,
  command: (place: Place) => Command,
  rest: Pick<ComparedRow, 'missing' | 'prepare'> = {},
): ComparedRow {
  return {
    name,
    label,
    ...rest,
    measure: async (places, { isNowFirst, signal }) => {
      for (const { out } of [places.before, places.now]) mkdirSync(out)
      const open = (place: Place) => new Stepper(command(place), { cwd: place.out, signal })
      try {
        using before = open(places.before)
        using now = open(places.now)
        return await takeTurns({ before, now }, isNowFirst)
      } finally {
        for (const { out } of [places.before, places.now]) rmSync(out, { recursive: true, force: true, maxRetries: 5 })
      }
    },
  }
}

async function takeTurns(steppers: Two<Stepper>, isNowFirst: boolean): Promise<Two<Taken>> {
  for (const build of turns(STEPS.warmUp, isNowFirst)) await steppers[build].step()
  const steps: Two<Step[]> = { before: [], now: [] }
  const started = performance.now()
  for (let i = 0; i < STEPS.fewest || performance.now() - started < 1000 * STEPS.seconds; i++) {
    for (const build of turns(1, isNowFirst === (i % 2 === 0))) steps[build].push(await steppers[build].step())
  }
  const shortest = async (build: Build): Promise<Taken> => ({
    time: Math.min(...steps[build].map(({ time }) => time)),
    cpu: Math.min(...steps[build].map(({ cpu }) => cpu)),
    digest: await steppers[build].end(),
  })
  return { before: await shortest('before'), now: await shortest('now') }
}
