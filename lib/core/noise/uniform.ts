/**
 * Uniform noise with mean 0 and variance 1: white, with all values from -sqrt(3) to sqrt(3) equally
 * likely. docs/numerics.md specifies every operation.
 */

import type { GeneratedKind } from './kind.js'
import { BLOCK_FRAMES } from './source.js'
import { LANE_STATE_WORDS, LANES, seedLanes } from './xoshiro.js'

const fround = Math.fround

/** sqrt(3) / 2^23: values are half-integers from -2^23 to 2^23, times this. */
const STEP = fround(2.0647654253025394e-7)

function fill(state: Uint32Array, _parameters: Float64Array, out: Float32Array, frames: number): void {
  const steps = Math.ceil(frames / LANES)
  for (let lane = 0; lane < LANES; lane++) {
    let s0 = state[lane] | 0
    let s1 = state[LANES + lane] | 0
    let s2 = state[2 * LANES + lane] | 0
    let s3 = state[3 * LANES + lane] | 0
    for (let step = 0, at = lane; step < steps; step++, at += LANES) {
      // A step of xoshiro128++, as in nextWord(), but with the state in local variables.
      const sum = (s0 + s3) | 0
      const word = (((sum << 7) | (sum >>> 25)) + s0) | 0
      const shifted = s1 << 9
      s2 ^= s0
      s3 ^= s1
      s1 ^= s2
      s0 ^= s3
      s2 ^= shifted
      s3 = (s3 << 11) | (s3 >>> 21)
      out[at] = fround(fround((word >> 8) + 0.5) * STEP)
    }
    state[lane] = s0
    state[LANES + lane] = s1
    state[2 * LANES + lane] = s2
    state[3 * LANES + lane] = s3
  }
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
