import { describe, expect, test } from 'vitest'
import { philox4x32 } from '../../../dist-lib/core/noise/philox.js'
import { LANE_STATE_WORDS, LANES, nextWord, seedLanes } from '../../../dist-lib/core/noise/xoshiro.js'
import known from '../../vectors/xoshiro128pp.json' with { type: 'json' }

const lanes = Array.from({ length: LANES }, (_, lane) => lane)
const laneOf = (state: Uint32Array, lane: number) => [0, 1, 2, 3].map((word) => state[word * LANES + lane])

function putLane(state: Uint32Array, lane: number, words: readonly number[]): void {
  words.forEach((value, word) => {
    state[word * LANES + lane] = value
  })
}

function seeded(keyLow: number, keyHigh: number, channel: number, block: number): Uint32Array {
  const state = new Uint32Array(LANE_STATE_WORDS)
  seedLanes(state, keyLow, keyHigh, channel, block)
  return state
}

describe('xoshiro128++', () => {
  test.each(known.vectors)('gives the known words from $state', ({ state: start, outputs, stateAfter }) => {
    const state = new Uint32Array(LANE_STATE_WORDS)
    putLane(state, 0, start)
    expect(outputs.map(() => nextWord(state, 0))).toEqual(outputs)
    expect(laneOf(state, 0)).toEqual(stateAfter)
  })

  test('gives the same words in any lane, and leaves the other lanes alone', () => {
    const { state: start, outputs } = known.vectors[0]
    for (const lane of lanes) {
      const state = Uint32Array.from({ length: LANE_STATE_WORDS }, (_, i) => 0x9e3779b9 * (i + 1))
      const others = lanes.filter((other) => other !== lane)
      const before = others.map((other) => laneOf(state, other))
      putLane(state, lane, start)
      expect(outputs.map(() => nextWord(state, lane))).toEqual(outputs)
      expect(others.map((other) => laneOf(state, other))).toEqual(before)
    }
  })
})

describe('seeding the lanes of a block', () => {
  test.each([
    { title: 'the first block', channel: 0, block: 0, counter: [0, 0, 0] },
    { title: 'a block and a channel', channel: 5, block: 7, counter: [7, 0, 5] },
    { title: 'the last block of 32 bits', channel: 1023, block: 2 ** 32 - 1, counter: [0xffffffff, 0, 1023] },
    { title: 'the first block beyond 32 bits', channel: 0, block: 2 ** 32, counter: [0, 1, 0] },
    { title: 'the largest block', channel: 0, block: 2 ** 53 - 1, counter: [0xffffffff, 0x1fffff, 0] },
  ])('encrypts block, channel and lane under the key: $title', ({ channel, block, counter }) => {
    const state = seeded(0x01234567, 0x89abcdef, channel, block)
    for (const lane of lanes) {
      const expected = [0, 0, 0, 0]
      philox4x32([...counter, lane], 0x01234567, 0x89abcdef, expected)
      expect(laneOf(state, lane)).toEqual(expected)
    }
  })

  test('mends the one state that would give zeros for ever', () => {
    // Philox run backwards from four zeros, over eighteen billion keys, until the counter was one of a lane.
    const [low, high, lane] = [0x2a30b34e, 5, 14]
    const encrypted = [1, 1, 1, 1]
    philox4x32([701869345, 662313, 1246535871, lane], low, high, encrypted)
    expect(encrypted).toEqual([0, 0, 0, 0])
    const state = seeded(low, high, 1246535871, 662313 * 2 ** 32 + 701869345)
    expect(laneOf(state, lane)).toEqual([1, 0, 0, 0])
  })

  test('starts every lane of neighbouring keys, channels and blocks elsewhere', () => {
    const starts = new Set<string>()
    const near = [0, 1, 2]
    for (const low of near)
      for (const high of near)
        for (const channel of near)
          for (const block of near) {
            const state = seeded(low, high, channel, block)
            for (const lane of lanes) starts.add(laneOf(state, lane).join())
          }
    expect(starts.size).toBe(near.length ** 4 * LANES)
  })
})
