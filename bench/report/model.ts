/** A model of machines with more cores, from what was measured with few. */

import { valuesOf } from '../harness/record.js'
import type { Curve } from './curves.js'

/**
 * The Universal Scalability Law (Gunther, "Guerrilla Capacity Planning", 2007): with p cores, the time
 * is T(p) = T(1) (1 + serial (p - 1) + crosstalk p (p - 1)) / p. Without crosstalk it is Amdahl's law.
 */
export interface Scaling {
  /** Part of the work that one core does while the others wait, 0 to 1. */
  readonly serial: number
  /** Cost of the cores' dealings with each other; 0 if it cannot be told from so few points. */
  readonly crosstalk: number
}

/** Times that a run took with a number of cores at work. */
export type Times = readonly { readonly cores: number; readonly time: number }[]

/**
 * Fits by least squares of p T(p) / T(1). Parts are not negative. Crosstalk needs measurements with two
 * numbers of cores beyond 1. Undefined without a measurement with 1 and one with more.
 */
export function fitScaling(times: Times): Scaling | undefined {
  const one = times.find(({ cores }) => cores === 1)?.time
  const more = times.filter(({ cores, time }) => cores > 1 && time > 0)
  if (one === undefined || !(one > 0) || more.length === 0) return undefined
  const rows = more.map(({ cores: p, time }) => ({ u: p - 1, v: p * (p - 1), y: (p * time) / one - 1 }))
  const sum = (term: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + term(row), 0)
  const [uu, uv, vv] = [sum(({ u }) => u * u), sum(({ u, v }) => u * v), sum(({ v }) => v * v)]
  const [uy, vy] = [sum(({ u, y }) => u * y), sum(({ v, y }) => v * y)]
  const serialAlone = { serial: Math.min(1, Math.max(0, uy / uu)), crosstalk: 0 }
  const determinant = uu * vv - uv * uv
  if (new Set(more.map(({ cores }) => cores)).size < 2 || determinant <= 0) return serialAlone
  const serial = (uy * vv - vy * uv) / determinant
  const crosstalk = (vy * uu - uy * uv) / determinant
  if (crosstalk <= 0) return serialAlone
  if (serial < 0) return { serial: 0, crosstalk: Math.max(0, vy / vv) }
  return { serial: Math.min(1, serial), crosstalk }
}

/** How many times as fast as one core this many cores are. */
export const speedUp = ({ serial, crosstalk }: Scaling, cores: number): number =>
  cores / (1 + serial * (cores - 1) + crosstalk * cores * (cores - 1))

export interface Prediction {
  readonly cores: number
  /** How many times as fast as one core. */
  readonly speedUp: number
  /** The least and the most, by fits of each round alone. */
  readonly spread: readonly [number, number]
}

export interface Model {
  readonly scaling: Scaling
  /** Numbers of cores that it was fitted on. */
  readonly measured: readonly number[]
  readonly predictions: readonly Prediction[]
}

const CORES = [4, 8, 16, 32, 64]

/**
 * Undefined if nothing can be fitted, or if the machine has as many cores as the largest that would be predicted.
 *
 * @param curve times by the number of jobs at a time; points beyond the cores of the machine are left
 *   out, because more jobs than cores add no power
 * @param start time that starting and stopping takes, in the unit of the curve: it is serial, so the
 *   serial part is not smaller
 */
export function modelOf({ points }: Pick<Curve, 'points'>, cores: number, start = 0): Model | undefined {
  const within = points.filter(({ x }) => x >= 1 && x <= cores)
  const fitted = (times: Times) => {
    const found = fitScaling(times)
    return found && { ...found, serial: Math.min(1, Math.max(found.serial, start / times[0].time)) }
  }
  const scaling = fitted(within.map(({ x, y }) => ({ cores: x, time: y })))
  if (!scaling) return undefined
  const rounds = Math.min(...within.map(({ row }) => row.trials.length))
  const single = Array.from({ length: rounds }, (_, round) =>
    fitted(within.map(({ x, row }) => ({ cores: x, time: valuesOf(row)[round] }))),
  ).filter((found) => found !== undefined)
  const predictions = CORES.filter((count) => count > cores).map((count) => {
    const all = [scaling, ...single].map((one) => speedUp(one, count))
    return { cores: count, speedUp: all[0], spread: [Math.min(...all), Math.max(...all)] as const }
  })
  if (predictions.length === 0) return undefined
  return { scaling, measured: within.map(({ x }) => x), predictions }
}
