/** Arrays in memory get the same bits and figures as a file with the same samples. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addNoise, type NoiseSpec, Pool, type SampleFigures, type Samples } from '../../dist/index.js'
import { arrayTypes, asFile, bytesOf, common, dataOf, tone, wavOf, ways } from '../support/arrays.js'
import { backends, describeBackends } from '../support/backends.js'

const sliceFrames = (bits: number, channels: number) => {
  const block = (4096 * channels * bits) / 8
  return 4096 * Math.max(1, Math.floor((256 * 1024) / block))
}

/** Frames at which something in the code begins or ends. */
const edges = (bits: number, channels: number) => {
  const slice = sliceFrames(bits, channels)
  return [
    0,
    1,
    15, // one less than a group of lanes
    16, // 16 lanes by cosine
    17,
    31,
    32, // one step of the generator
    33,
    4095,
    4096, // one noise block
    4097,
    // Long, so that not all are for all: 2 channels have more than goes in one trip, an odd block and an odd end.
    ...(channels === 1 ? [slice - 1, slice] : channels === 2 ? [4 * slice + 4096 + 5] : [slice + 1]),
  ]
}

const levels: readonly NoiseSpec[] = [
  { sigma: 0.2 },
  { sigma: [0.01, 0.5], seed: 'range', clip: false },
  { snr: 10, seed: 7 },
  { snr: [-5, 30], seed: 8n, clip: false },
  { sigma: 0 },
]

describeBackends('arrays are worked on as files are', (backend) => {
  const pools: Pool[] = []
  beforeAll(() => {
    for (const way of ways) if (way.backend === backend) pools.push(new Pool({ size: 2, ...way }))
  })
  afterAll(() => Promise.all(pools.map((pool) => pool.close())))

  let calls = 0

  /** Both ways on all pools, by turns in place and not. */
  async function compare(samples: Samples, channels: number, options: NoiseSpec & { key: string }) {
    const before = Buffer.from(bytesOf(samples))
    const title = `${samples.length} samples of ${channels} channels`
    const { bytes, result } = await asFile(pools[0], wavOf(samples, channels), options)
    const expected = dataOf(bytes!, samples)
    const firstInPlace = calls++ % 2 === 0
    for (const [i, pool] of pools.entries()) {
      const inPlace = (i % 2 === 0) === firstInPlace
      let figures: SampleFigures | undefined
      const onFigures = (told: SampleFigures) => {
        expect(figures, 'told once').toBeUndefined()
        figures = told
      }
      const noisy = await addNoise(samples, { ...options, channels, pool, inPlace, onFigures })
      expect(bytesOf(noisy).equals(expected), `${title}, ${pool.info.kernel}, in place: ${inPlace}`).toBe(true)
      expect(common(figures!), title).toEqual(common(result))
      expect(noisy === samples).toBe(inPlace)
      expect(noisy.constructor).toBe(samples.constructor)
      if (!inPlace) expect(bytesOf(samples).equals(before), 'the input stays').toBe(true)
      bytesOf(samples).set(before)
    }
    return result
  }

  describe.each(arrayTypes)('$name', (type) => {
    for (const channels of [1, 2, 5]) {
      test(`of ${channels} channels, at the edges of lanes, blocks and slices`, async () => {
        const lengths = edges(type.bits, channels)
        for (const [i, frames] of lengths.entries()) {
          // All lengths with all levels would take minutes: they take turns.
          const options = { ...levels[(i + channels) % 4], key: `${type.name}/${channels}/${frames}` }
          const result = await compare(tone(type, frames, channels), channels, options)
          expect(result.status).toBe('done')
        }
      })
    }

    test('of 1024 channels, at the edges of steps and blocks', async () => {
      // 33: a step of the generator and one frame; 4097: a block, which is a slice here, and one frame. That is many
      // samples.
      for (const frames of [1, 33, ...(type.bits === 8 && backend === 'native' ? [4097] : [])])
        await compare(tone(type, frames, 1024), 1024, { snr: 10, key: 'wide' })
    })

    test('at all levels, clipped or not', async () => {
      const samples = tone(type, 2 * 4096 + 33, 2)
      for (const level of levels) {
        for (const clip of [true, false]) {
          const { clipped } = await compare(samples, 2, { ...level, clip, key: 'a/b.wav' })
          // Floats alone are left unclipped, and the tone is loud.
          if ('sigma' in level && level.sigma === 0.2) expect(clipped! > 0).toBe(clip || type.scale !== 1)
          if ('sigma' in level && level.sigma === 0) expect(clipped).toBe(0)
        }
      }
    })
  })

  test('samples that are not finite keep their bits, and are warned of', async () => {
    for (const type of arrayTypes.filter(({ scale }) => scale === 1)) {
      const samples = tone(type, 4096 + 100, 1, 0.5)
      for (const [at, value] of [NaN, Infinity, -Infinity].entries()) samples[at * 2049] = value
      // A NaN with a payload and its sign set.
      bytesOf(samples).fill(0xff, 80, 80 + type.bits / 8)
      for (const level of [{ sigma: 0.1 }, { snr: 30 }]) {
        const { warnings } = await compare(samples, 1, { ...level, key: 'nan' })
        expect(warnings).toEqual(['W_NON_FINITE'])
      }
      const noisy = await addNoise(samples, { sigma: 0.1, pool: pools[0] })
      for (const at of [0, 2049, 4098, 640 / type.bits])
        expect(bytesOf(noisy.subarray(at, at + 1)).equals(bytesOf(samples.subarray(at, at + 1)))).toBe(true)
    }
  })

  test('a silent signal has no SNR: it is copied, with the warning of files', async () => {
    for (const type of arrayTypes) {
      const samples = tone(type, 5000, 1, 0)
      const { warnings } = await compare(samples, 1, { snr: 10, key: 'silent' })
      expect(warnings).toEqual(['W_SILENT'])
      expect(bytesOf(await addNoise(samples, { snr: 10, pool: pools[0] })).equals(bytesOf(samples))).toBe(true)
    }
  })

  test('noise that rounding swallows, and noise that clipping changes, are warned of as with files', async () => {
    const quiet = await compare(tone(arrayTypes[0], 5000), 1, { snr: 120, key: 'quiet' })
    const loud = await compare(tone(arrayTypes[1], 5000), 1, { snr: -60, key: 'loud' })
    expect([quiet.warnings, loud.warnings]).toEqual([['W_SNR_OFF'], ['W_CLIPPED', 'W_SNR_OFF']])
  })

  test('a power that overflows is refused, as of files', async () => {
    const samples = new Float64Array(5000).fill(1e200)
    const { result } = await asFile(pools[0], wavOf(samples, 1), { snr: 10, key: 'a' })
    expect(result.error?.code).toBe('E_SIGNAL_POWER')
    for (const pool of pools) {
      await expect(addNoise(samples, { snr: 10, pool })).rejects.toMatchObject({
        code: 'E_SIGNAL_POWER',
        received: result.error?.received,
      })
      expect((await addNoise(samples, { sigma: 1, pool, clip: false }))[0]).toBeCloseTo(1e200)
    }
    expect(samples.every((sample) => sample === 1e200)).toBe(true)
  })
})

test('all backends are among the ways', () => {
  expect(new Set(ways.map(({ backend }) => backend))).toEqual(new Set(backends))
})
