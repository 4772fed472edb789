/**
 * Keys of noise: the 64 bits that determine all noise of one output, and random draws from them.
 */

import { philox4x32 } from './philox.js'

/**
 * Version of the noise stream. It changes if any output bit changes. docs/numerics.md specifies the
 * stream.
 */
export const STREAM_VERSION = 1

/** 64 bits that lib/plan/keys.ts derives from (stream version, seed, path, copy). */
export interface NoiseKey {
  readonly low: number
  readonly high: number
}

/**
 * Purposes of draws. Each purpose has its own draws, so a new one does not change the others. Never
 * give a number to another purpose.
 */
export const Purpose = {
  /** The level of an output, within the requested range. */
  level: 0,
  /** The level of the mixture, within the requested range. */
  outputLevel: 1,
  /** Which file of a bank, or with balanced folders which folder of it. */
  noiseFile: 2,
  /** Which file of a folder of a bank. */
  noiseFileInFolder: 3,
  /** The first frame of a piece of a noise file. */
  noiseOffset: 4,
  /** Whether something with a probability happens. */
  chance: 5,
  /** Which of several choices. */
  pick: 6,
  /** How many voices a babble has. */
  voices: 7,
  /** The length of a gap between pieces of noise. */
  gap: 8,
  /** Uniform numbers for a function of `transformTask`. */
  transform: 0xfffffffe,
  /** Where the kind "sway" is, at the first frame, in its cycle of sign reversals. */
  swayOffset: 0xffffffff,
} as const

/** Last word of the counter for draws. Lanes of noise have the numbers 0 to 15 there. */
const DRAW_LANE = 0xffffffff

/**
 * Returns draw `n` for a purpose, uniform in [0, 1) with 53 bits.
 *
 * @param purpose one of `Purpose`
 * @param n number of the draw, 0 to 2^53 - 1
 */
export function draw(key: NoiseKey, purpose: number, n: number): number {
  const words = [n >>> 0, Math.floor(n / 0x1_0000_0000), purpose, DRAW_LANE]
  philox4x32(words, key.low, key.high, words)
  return ((words[0] >>> 5) * 2 ** 26 + (words[1] >>> 6)) / 2 ** 53
}
