/** The rows of two builds that are compared, and how a pair of a row is measured. */

import { mkdirSync, rmSync } from 'node:fs'
import type { Selection } from './selection.js'
import { Stepper } from './steps.js'
import { runTrial } from './trial.js'
import type { Command, Place } from './workload.js'

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
  /** Makes the inputs, which both builds read. */
  prepare?(place: Place): Promise<void>
  /** Takes turns with both builds, and returns the shortest time of each, in the same unit. */
  measure(places: Two<Place>, options: MeasureOptions): Promise<Two<Taken>>
}

export interface MeasureOptions {
  /** Whether the current build begins. */
  readonly isNowFirst: boolean
  readonly signal: AbortSignal
}

export interface Taken {
  readonly value: number
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

/** Contenders that are marked as compared. */
export const comparedContenders = (selections: readonly Selection[]): ComparedRow[] =>
  selections.flatMap(({ workload, contenders }) =>
    contenders
      .filter(({ isCompared }) => isCompared)
      .map((contender) => ({
        name: `${workload.name}/${contender.name}`,
        label: contender.label,
        ...(workload.prepare && { prepare: workload.prepare }),
        measure: async (places, { isNowFirst, signal }) => {
          const best: Record<Build, Taken> = {
            before: { value: Number.POSITIVE_INFINITY },
            now: { value: Number.POSITIVE_INFINITY },
          }
          for (const build of turns(PROCESSES, isNowFirst)) {
            const { value, digest } = await runTrial(workload, contender, places[build], { signal, limit: 120 })
            best[build] = { value: Math.min(value, best[build].value), ...(digest !== undefined && { digest }) }
          }
          return best
        },
      })),
  )

/** Steps before the measured ones, the fewest measured ones, and the time in which there may be more. */
const STEPS = { warmUp: 10, fewest: 6, seconds: 0.5 }

/** A row in which two processes live at the same time, one of each build, and take turns. */
export function steppedRow(
  name: string,
  label: string,
  command: (place: Place) => Command,
  prepare?: (place: Place) => Promise<void>,
): ComparedRow {
  return {
    name,
    label,
    ...(prepare && { prepare }),
    measure: async (places, { isNowFirst, signal }) => {
      for (const { out } of [places.before, places.now]) mkdirSync(out)
      const open = ({ out, ...place }: Place) => new Stepper(command({ out, ...place }), { cwd: out, signal })
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
  const best = { before: Number.POSITIVE_INFINITY, now: Number.POSITIVE_INFINITY }
  const started = performance.now()
  for (let i = 0; i < STEPS.fewest || performance.now() - started < 1000 * STEPS.seconds; i++) {
    for (const build of turns(1, isNowFirst === (i % 2 === 0)))
      best[build] = Math.min(best[build], await steppers[build].step())
  }
  const digest = { before: await steppers.before.end(), now: await steppers.now.end() }
  return {
    before: { value: best.before, digest: digest.before },
    now: { value: best.now, digest: digest.now },
  }
}
