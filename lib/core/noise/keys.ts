/**
 * Keys of noise: the 64 bits that all noise of one output comes from, and the draws that are made from them.
 */

import { philox4x32 } from './philox.js'

/** Version of the noise stream: a change of any output bit is a new version. docs/numerics.md specifies it. */
export const STREAM_VERSION = 1

/** 64 bits that stand for (stream version, seed, path, copy): lib/plan/keys.ts makes them. */
export interface NoiseKey {
  readonly low: number
  readonly high: number
}

/**
 * What draws are for. Each purpose has draws of its own, so that adding one changes no other. A number is never given to another
 * purpose.
 */
export const Purpose = {
  /** The level of an output within the range that was asked for. */
  level: 0,
  /** Where the kind "sway" begins. */
  swayOffset: 0xffffffff,
} as const

/** Lanes of noise have the numbers 0 to 15 in the last word of the counter; draws have this one. */
const DRAW_LANE = 0xffffffff

/**
 * Draw `n` for a purpose: uniform in [0, 1), with 53 bits.
 *
 * @param purpose one of `Purpose`
 * @param n number of the draw, 0 to 2^53 - 1
 */
export function draw(key: NoiseKey, purpose: number, n: number): number {
  const words = [n >>> 0, Math.floor(n / 0x1_0000_0000), purpose, DRAW_LANE]
  philox4x32(words, key.low, key.high, words)
  return ((words[0] >>> 5) * 2 ** 26 + (words[1] >>> 6)) / 2 ** 53
}
