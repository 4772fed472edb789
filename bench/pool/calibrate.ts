/** How many steps of `spin` take a given time on this machine, if nothing else runs on a core. */

import { spin } from './functions.js'

const SLICE = 1_000_000
const SLICES = 200

/** Returns the steps that take a microsecond. It is the most of many slices of a millisecond. */
export function stepsPerMicrosecond(): number {
  let most = 0
  for (let i = 0; i < SLICES; i++) {
    const started = performance.now()
    spin(SLICE)
    most = Math.max(most, SLICE / (1000 * (performance.now() - started)))
  }
  return most
}
