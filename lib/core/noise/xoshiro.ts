/**
 * xoshiro128++ 1.0 of Blackman and Vigna, "Scrambled linear pseudorandom number generators"
 * (ACM TOMS 47, 2021), as LANES independent generators side by side.
 */

import { philox4x32 } from './philox.js'

/** Number of independent generators in a block: as many as 32-bit words in an AVX-512 register. */
export const LANES = 16
/** Number of words of state. Word w of lane l is at `w * LANES + l`. */
export const LANE_STATE_WORDS = 4 * LANES

const scratch = new Uint32Array(4)

/**
 * Seeds all lanes for one block of one channel. Lane l gets Philox of the counter (block low, block
 * high, channel, l) under the file's key.
 *
 * @param state receives LANE_STATE_WORDS words
 * @param block number of the block in the file, 0 to 2^53 - 1
 */
export function seedLanes(state: Uint32Array, keyLow: number, keyHigh: number, channel: number, block: number): void {
  const blockLow = block >>> 0
  const blockHigh = Math.floor(block / 0x1_0000_0000)
  for (let lane = 0; lane < LANES; lane++) {
    scratch[0] = blockLow
    scratch[1] = blockHigh
    scratch[2] = channel
    scratch[3] = lane
    philox4x32(scratch, keyLow, keyHigh, scratch)
    // A linear generator never leaves the state of all zeros.
    if ((scratch[0] | scratch[1] | scratch[2] | scratch[3]) === 0) scratch[0] = 1
    for (let word = 0; word < 4; word++) state[word * LANES + lane] = scratch[word]
  }
}

/** Advances one lane by one step and returns its output, an unsigned 32-bit word. */
export function nextWord(state: Uint32Array, lane: number): number {
  let s0 = state[lane] | 0
  let s1 = state[LANES + lane] | 0
  let s2 = state[2 * LANES + lane] | 0
  let s3 = state[3 * LANES + lane] | 0
  const sum = (s0 + s3) | 0
  const word = (((sum << 7) | (sum >>> 25)) + s0) >>> 0
  const shifted = s1 << 9
  s2 ^= s0
  s3 ^= s1
  s1 ^= s2
  s0 ^= s3
  s2 ^= shifted
  s3 = (s3 << 11) | (s3 >>> 21)
  state[lane] = s0
  state[LANES + lane] = s1
  state[2 * LANES + lane] = s2
  state[3 * LANES + lane] = s3
  return word
}
