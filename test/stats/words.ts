/** The random words of noise, in the order in which it draws them. */

import { BLOCK_FRAMES } from '../../dist-lib/core/noise/source.js'
import { LANE_STATE_WORDS, LANES, nextWord, seedLanes } from '../../dist-lib/core/noise/xoshiro.js'
import { type Neighbours, neighbours } from './streams.js'

/** Words that the lanes draw together in one step: two each. */
const STEP_WORDS = 2 * LANES
export const BLOCK_STEPS = BLOCK_FRAMES / STEP_WORDS

/** Lanes at the beginning of one stream after another; always the same array. */
export function* seededLanes(name: Neighbours, first: number): Generator<Uint32Array, never> {
  const state = new Uint32Array(LANE_STATE_WORDS)
  for (let i = first; ; i++) {
    const { key, channel, block } = neighbours[name](i)
    seedLanes(state, key.low, key.high, channel, block)
    yield state
  }
}

/** One stream after another without end: of each the words of its first steps. Steps are a power of two. */
export function* wordsOf(name: Neighbours, first: number, steps: number): Generator<Uint32Array, never> {
  const streams = seededLanes(name, first)
  for (;;) {
    const words = new Uint32Array(2 ** 16)
    for (let at = 0; at < words.length; ) {
      const state = streams.next().value
      for (let step = 0; step < steps; step++)
        for (let lane = 0; lane < LANES; lane++) {
          words[at++] = nextWord(state, lane)
          words[at++] = nextWord(state, lane)
        }
    }
    yield words
  }
}
