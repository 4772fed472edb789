/**
 * Dither for PCM: the difference of two uniform values, whose density is a triangle from -1 to 1
 * (Lipshitz, Wannamaker and Vanderkooy, J. Audio Eng. Soc. 40, 1992). It is not a kind of noise
 * that can be chosen.
 */

import type { GeneratedKind } from './kind.js'
import { BLOCK_FRAMES } from './source.js'
import { LANE_STATE_WORDS, LANES, nextWord, seedLanes } from './xoshiro.js'

const fround = Math.fround
const TWO_TO_MINUS_24 = 2 ** -24
/** Added to the channel in the counter of lanes, so that dither and noise have different words. */
const DITHER_CHANNELS = 0x8000_0000

/** Frame i of a block is the next value of lane i mod 16: (A >> 8) - (B >> 8) of two words, over 2^24. */
function fill(state: Uint32Array, _parameters: Float64Array, out: Float32Array, frames: number): void {
  for (let i = 0; i < frames; i++) {
    const lane = i % LANES
    const first = nextWord(state, lane) >>> 8
    const second = nextWord(state, lane) >>> 8
    out[i] = fround((first - second) * TWO_TO_MINUS_24)
  }
}

export const dither: GeneratedKind = {
  name: 'dither',
  summary: 'triangular dither for PCM',
  parameters: [],
  isNominal: true,
  needsSampleRate: false,
  blockFrames: BLOCK_FRAMES,
  stateWords: LANE_STATE_WORDS,
  seed: (state, { key }, channel, block) => seedLanes(state, key.low, key.high, channel + DITHER_CHANNELS, block),
  fill,
}
