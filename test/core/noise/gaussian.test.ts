import { describe, expect, test } from 'vitest'
import { gaussian } from '../../../dist-lib/core/noise/gaussian.js'
import type { NoiseKey } from '../../../dist-lib/core/noise/keys.js'
import { BLOCK_FRAMES } from '../../../dist-lib/core/noise/source.js'
import { LANE_STATE_WORDS, LANES, nextWord } from '../../../dist-lib/core/noise/xoshiro.js'
import { sha256 } from '../../support/folders.js'
import { describeHalves, type RunJobs, runFile } from '../../support/jobs.js'
import { bitsOf } from '../../support/noise.js'
import { HEADER_BYTES, wav } from '../../support/wav.js'
import golden from '../../vectors/gaussian.json' with { type: 'json' }

const NO_PARAMETERS = new Float64Array(0)
const STEP = 2 * LANES
/** sqrt(-2 ln 2^-32): the smallest u is half of 2^-31. */
const LARGEST = 6.6604
const KEY = { low: 0xfeedface, high: 0x0badcafe }

const keyOf = ([low, high]: readonly string[]): NoiseKey => ({
  low: Number.parseInt(low, 16),
  high: Number.parseInt(high, 16),
})

/** Gaussian noise depends on the key alone. */
const contextOf = (key: NoiseKey) => ({ key, parameters: NO_PARAMETERS, channels: 1, sampleRate: 0, frames: 0 })

function seeded(key: NoiseKey, channel: number, block: number): Uint32Array {
  const state = new Uint32Array(LANE_STATE_WORDS)
  gaussian.seed(state, contextOf(key), channel, block)
  return state
}

function fill(state: Uint32Array, frames: number): Float32Array {
  const out = new Float32Array(Math.ceil(frames / STEP) * STEP)
  gaussian.fill(state, NO_PARAMETERS, out, frames)
  return out.subarray(0, frames)
}

const blockOf = (key: NoiseKey, channel: number, block: number, frames = BLOCK_FRAMES) =>
  fill(seeded(key, channel, block), frames)

/** Box and Muller's transform in float64. The roundings of u and of the angle to float32 are part of the stream. */
function reference(radiusWord: number, angleWord: number): [cosine: number, sine: number] {
  const u = Math.fround((radiusWord >>> 1) + 0.5) / 2 ** 31
  const radius = Math.sqrt(-2 * Math.log(u)) * (angleWord >= 2 ** 31 ? -1 : 1)
  const angle = (Math.PI / 2) * (Math.fround((angleWord << 1) | 0) / 2 ** 31)
  return [radius * Math.cos(angle), radius * Math.sin(angle)]
}

/** The noise as a file gets it: -0 plus a value is that value to the bit, +0 would lose the sign of -0. */
async function noiseOfFile(run: RunJobs, key: NoiseKey, channels: number, frames: number): Promise<Float32Array> {
  const silence = new Float32Array(channels * frames).fill(-0)
  const input = wav({ tag: 3, bits: 32, channels, data: new Uint8Array(silence.buffer) })
  const { output } = await runFile(run, input, { level: 1, clip: false, key })
  return new Float32Array(Uint8Array.from(output.subarray(HEADER_BYTES)).buffer)
}

describe('the Gaussian kernel', () => {
  test.each(golden.blocks)('keeps its bits: $why', ({ key, channel, block, first, bits }) => {
    const values = blockOf(keyOf(key), channel, block, first + bits.length)
    expect(bitsOf(values.subarray(first))).toEqual(bits)
  })

  test('keeps the bits of a million values', () => {
    const { key, channel, blocks, sha256: expected } = golden.long
    const all = new Float32Array(blocks * BLOCK_FRAMES)
    for (let block = 0; block < blocks; block++) all.set(blockOf(keyOf(key), channel, block), block * BLOCK_FRAMES)
    expect(sha256(new Uint8Array(all.buffer))).toBe(expected)
  })

  test('keeps its bits for words at every edge', () => {
    for (const { radius, angle, cosine, sine } of golden.words) {
      const out = fill(stateThatGives(Number.parseInt(radius, 16), Number.parseInt(angle, 16)), STEP)
      expect([radius, angle, ...bitsOf(out.subarray(0, 1)), ...bitsOf(out.subarray(LANES, LANES + 1))]).toEqual([
        radius,
        angle,
        cosine,
        sine,
      ])
    }
  })

  test('is Box and Muller to a millionth, for random words and words at every edge', () => {
    let worst = 0
    let largest = 0
    const compare = (words: readonly [number, number], cosine: number, sine: number) => {
      const [expectedCosine, expectedSine] = reference(...words)
      worst = Math.max(worst, Math.abs(cosine - expectedCosine), Math.abs(sine - expectedSine))
      largest = Math.max(largest, Math.abs(cosine), Math.abs(sine))
    }
    for (let block = 0; block < 32; block++) {
      const state = seeded(KEY, 0, block)
      const words = state.slice()
      const out = fill(state, BLOCK_FRAMES)
      for (let step = 0; step < BLOCK_FRAMES; step += STEP)
        for (let lane = 0; lane < LANES; lane++)
          compare([nextWord(words, lane), nextWord(words, lane)], out[step + lane], out[step + LANES + lane])
    }
    for (const { radius, angle } of golden.words) {
      const words = [Number.parseInt(radius, 16), Number.parseInt(angle, 16)] as const
      const out = fill(stateThatGives(...words), STEP)
      compare(words, out[0], out[LANES])
    }
    expect(worst).toBeLessThan(1e-6)
    // Reached by the golden words, and never passed.
    expect(largest).toBeCloseTo(LARGEST, 4)
  })

  test.each([
    1,
    15,
    16, // the lanes: cosines end here
    17,
    31,
    32, // one step of all lanes
    33,
    4095,
    4096, // one noise block
  ])('a fill of %i frames is a prefix of the block', (frames) => {
    expect(bitsOf(blockOf(KEY, 3, 9, frames))).toEqual(bitsOf(blockOf(KEY, 3, 9)).slice(0, frames))
  })

  test('goes on where the last fill ended', () => {
    const state = seeded(KEY, 0, 0)
    // Whole steps, and at last a part of one, as it is at the end of a file.
    const parts = [32, 64, 1024, 2048, 901].flatMap((frames) => bitsOf(fill(state, frames)))
    expect(parts).toEqual(bitsOf(blockOf(KEY, 0, 0)).slice(0, parts.length))
  })

  test('gives a block no matter what was filled before it', () => {
    const fresh = bitsOf(blockOf(KEY, 1, 5))
    const used = seeded({ low: 9, high: 9 }, 7, 123)
    fill(used, 2080)
    gaussian.seed(used, contextOf(KEY), 1, 5)
    expect(bitsOf(fill(used, BLOCK_FRAMES))).toEqual(fresh)
  })

  test('shares no frame between neighbouring keys, channels and blocks', () => {
    const base = blockOf({ low: 4, high: 4 }, 4, 4)
    const others = [
      blockOf({ low: 5, high: 4 }, 4, 4),
      blockOf({ low: 4, high: 5 }, 4, 4),
      blockOf({ low: 4, high: 4 }, 5, 4),
      blockOf({ low: 4, high: 4 }, 4, 5),
      blockOf({ low: 4, high: 4 }, 4, 2 ** 32 + 4),
    ]
    for (const other of others) {
      const equal = base.filter((value, frame) => value === other[frame]).length
      // Two float32 Gaussians meet by chance about once in ten million.
      expect(equal).toBe(0)
    }
  })
})

/** A state whose first lane gives these two words next: the two outputs of xoshiro128++ solved for it. */
function stateThatGives(first: number, second: number): Uint32Array {
  const rotateRight = (x: number, bits: number) => (x >>> bits) | (x << (32 - bits))
  const s0After = 0x2545f491
  const s3After = rotateRight(second - s0After, 7) - s0After
  const s3XorS1 = rotateRight(s3After, 11)
  const s0 = s0After ^ s3XorS1
  const s3 = rotateRight(first - s0, 7) - s0
  const state = new Uint32Array(LANE_STATE_WORDS)
  ;[s0, s3 ^ s3XorS1, 0, s3].forEach((value, word) => {
    state[word * LANES] = value
  })
  const check = state.slice()
  expect([nextWord(check, 0), nextWord(check, 0)]).toEqual([first, second])
  return state
}

describeHalves('the noise of a file', (run) => {
  // What a small file can hold; a key's block number goes on for 2^53.
  const inReach = golden.blocks.filter(({ block }) => block <= 2)

  test.each(inReach)('keeps its bits: $why', async ({ key, channel, block, first, bits }) => {
    const channels = channel + 1
    const start = block * BLOCK_FRAMES + first
    const noise = await noiseOfFile(run, keyOf(key), channels, start + bits.length)
    const ofChannel = noise.filter((_, i) => i % channels === channel)
    expect(bitsOf(ofChannel.subarray(start))).toEqual(bits)
  })

  test('keeps the bits of a million values', async () => {
    const { key, blocks, sha256: expected } = golden.long
    const noise = await noiseOfFile(run, keyOf(key), 1, blocks * BLOCK_FRAMES)
    expect(sha256(new Uint8Array(noise.buffer))).toBe(expected)
  })

  test('is the same in a channel however many there are', async () => {
    const frames = 4133 // beyond one block, and not whole steps
    const mono = bitsOf(await noiseOfFile(run, KEY, 1, frames))
    // 4: the most whose slice is a whole block. 5: slices of half a block. 1024: the most channels.
    for (const channels of [2, 4, 5, 1024]) {
      const noise = await noiseOfFile(run, KEY, channels, frames)
      expect(bitsOf(noise.filter((_, i) => i % channels === 0))).toEqual(mono)
    }
  })
})
