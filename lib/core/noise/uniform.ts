/**
 * Uniform noise with mean 0 and variance 1: white, with all values from -sqrt(3) to sqrt(3) equally
 * likely. docs/numerics.md specifies every operation.
 */

import type { GeneratedKind } from './kind.js'
import { BLOCK_FRAMES } from './source.js'
import { LANE_STATE_WORDS, LANES, nextWord, seedLanes } from './xoshiro.js'

const fround = Math.fround

/** sqrt(3) / 2^23: values are half-integers from -2^23 to 2^23, times this. */
const STEP = fround(2.0647654253025394e-7)

/** Frame i of a block is the next value of lane i mod 16. */
function fill(state: Uint32Array, _parameters: Float64Array, out: Float32Array, frames: number): void {
  for (let i = 0; i < frames; i++) out[i] = fround(fround((nextWord(state, i % LANES) >> 8) + 0.5) * STEP)
}

export const uniform: GeneratedKind = {
  name: 'uniform',
  summary: 'white noise, all values up to sqrt(3) standard deviations equally likely',
  parameters: [],
  isNominal: false,
  needsSampleRate: false,
  blockFrames: BLOCK_FRAMES,
  stateWords: LANE_STATE_WORDS,
  seed: (state, { key }, channel, block) => seedLanes(state, key.low, key.high, channel, block),
  fill,
}
