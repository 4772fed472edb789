import { expect, test } from 'vitest'
import { LANES, nextWord } from '../../dist-lib/core/noise/xoshiro.js'
import { isFull } from '../support/size.js'
import { report } from './figures.js'
import { neighbourNames } from './streams.js'
import { seededLanes } from './words.js'

/**
 * Of every 128 bits the first 64 are kept: where these do not repeat the whole does not. By chance two of 2^26 are the same once
 * in 8,000 times; two of 128 bits never.
 */
function expectNoRepeat(what: string, halves: BigUint64Array): void {
  halves.sort()
  const words = new Uint32Array(halves.buffer)
  let repeats = 0
  for (let i = 2; i < words.length; i += 2) if (words[i] === words[i - 2] && words[i + 1] === words[i - 1]) repeats++
  report(what, `${repeats} repeats`, `of 2^${Math.log2(halves.length)}`)
  expect(repeats, what).toBe(0)
}

test('no two lanes of neighbouring streams start in the same state', () => {
  const streams = isFull ? 2 ** 18 : 2 ** 12
  const halves = new BigUint64Array(neighbourNames.length * streams * LANES)
  const words = new Uint32Array(halves.buffer)
  let at = 0
  for (const name of neighbourNames) {
    const lanes = seededLanes(name, 0)
    for (let i = 0; i < streams; i++) {
      const state = lanes.next().value
      for (let lane = 0; lane < LANES; lane++) {
        words[at++] = state[lane]
        words[at++] = state[LANES + lane]
      }
    }
  }
  expectNoRepeat('128-bit states at the start of a lane', halves)
})

test('no lane comes upon four words that it or another gave before', () => {
  const streams = isFull ? 2 ** 11 : 2 ** 5
  const draws = 256
  const halves = new BigUint64Array(neighbourNames.length * streams * LANES * draws)
  const words = new Uint32Array(halves.buffer)
  let at = 0
  for (const name of neighbourNames) {
    const lanes = seededLanes(name, 0)
    for (let i = 0; i < streams; i++) {
      const state = lanes.next().value
      for (let lane = 0; lane < LANES; lane++) {
        let word = nextWord(state, lane)
        // Every place of a block may begin four words.
        for (let draw = 0; draw < draws; draw++) {
          words[at++] = word
          word = nextWord(state, lane)
          words[at++] = word
        }
      }
    }
  }
  expectNoRepeat('128 bits of a lane, begun at any word', halves)
})
