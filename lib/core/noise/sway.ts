/**
 * A kind of noise for tests: white noise through a one-pole low-pass filter, with its sign reversed
 * at regular intervals. It has everything that a kind may have and Gaussian noise lacks:
 *
 * - parameters, one of them in Hz
 * - a state that is carried from sample to sample
 * - blocks longer than a noise block
 * - a draw that depends on the key and on the length of the signal
 *
 * Its mean power is not 1. It is available only if the environment variable NOISEMILL_TEST_KINDS is
 * 1.
 *
 * In a block, w[n] is one word of a lane as a number in [-1, 1). Lanes take turns, one word per
 * frame.
 *
 *     y[n] = f32(f32(pole y[n-1]) + w[n])
 *
 * Block 0 starts from y = 0. Any other block starts from the last y of the block before it,
 * computed as if that block had started from y = 0.
 */

import { draw, Purpose } from './keys.js'
import type { GeneratedKind } from './kind.js'
import { BLOCK_FRAMES, type NoiseContext } from './source.js'
import { LANE_STATE_WORDS, LANES, nextWord, seedLanes } from './xoshiro.js'

const fround = Math.fround
const SWAY_BLOCK_FRAMES = 2 * BLOCK_FRAMES
const TWO_TO_MINUS_31 = 2 ** -31

// Indexes of the words of state after those of the lanes.
/** y, as the bits of a float32. */
const LAST = LANE_STATE_WORDS
/** Whether the sign is reversed: 0 or 1. */
const REVERSED = LAST + 1
/** Frames until the next reversal of the sign, and frames between two reversals. */
const LEFT = LAST + 2
const PERIOD = LAST + 3
const STATE_WORDS = LAST + 4

const bitsCell = new Uint32Array(1)
const floatCell = new Float32Array(bitsCell.buffer)

function seed(state: Uint32Array, context: NoiseContext, channel: number, block: number): void {
  state[LAST] = 0
  if (block > 0) {
    seedBlock(state, context, channel, block - 1)
    fill(state, context.parameters, new Float32Array(SWAY_BLOCK_FRAMES), SWAY_BLOCK_FRAMES)
  }
  seedBlock(state, context, channel, block)
}

function seedBlock(state: Uint32Array, context: NoiseContext, channel: number, block: number): void {
  const { key, parameters, sampleRate, frames } = context
  seedLanes(state, key.low, key.high, channel, block)
  const period = Math.max(1, Math.floor(sampleRate / parameters[1]))
  const position = Math.floor(draw(key, Purpose.swayOffset, 0) * frames) + block * SWAY_BLOCK_FRAMES
  state[REVERSED] = Math.floor(position / period) % 2
  state[LEFT] = period - (position % period)
  state[PERIOD] = period
}

function fill(state: Uint32Array, parameters: Float64Array, out: Float32Array, frames: number): void {
  const pole = fround(parameters[0])
  bitsCell[0] = state[LAST]
  let y = floatCell[0]
  for (let i = 0; i < frames; i++) {
    const w = fround(fround(nextWord(state, i % LANES) | 0) * TWO_TO_MINUS_31)
    y = fround(fround(pole * y) + w)
    out[i] = state[REVERSED] === 1 ? -y : y
    if (--state[LEFT] > 0) continue
    state[LEFT] = state[PERIOD]
    state[REVERSED] ^= 1
  }
  floatCell[0] = y
  state[LAST] = bitsCell[0]
}

export const sway: GeneratedKind = {
  name: 'sway',
  summary: 'low-pass noise whose sign is reversed at regular intervals, for tests',
  parameters: [
    {
      name: 'pole',
      summary: 'pole of the low-pass filter',
      unit: 'ratio',
      minimum: 0,
      maximum: 0.999,
      default: 0.9,
    },
    {
      name: 'swing',
      summary: 'reversals of the sign a second',
      unit: 'Hz',
      minimum: 1,
      maximum: 100_000,
      default: 10,
    },
  ],
  isNominal: false,
  needsSampleRate: true,
  blockFrames: SWAY_BLOCK_FRAMES,
  stateWords: STATE_WORDS,
  seed,
  fill,
}
