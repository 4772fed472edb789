/** The noise of addNoise, compared with mathematics and an independent program. */

import { describe, expect, test } from 'vitest'
import { addNoise, addNoiseToWav, type SampleFigures, type SampleNoiseOptions } from '../../dist/index.js'
import { arrayTypes, bytesOf, tone } from '../support/arrays.js'
import { describeBackends } from '../support/backends.js'
import { sha256 } from '../support/folders.js'
import { testPool } from '../support/pools.js'
import { formats, wav } from '../support/wav.js'
import golden from '../vectors/outputs.json' with { type: 'json' }

const sumOfSquares = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0)
const rms = (values: readonly number[]) => Math.sqrt(sumOfSquares(values) / values.length)

/** Full-scale samples from whole numbers alone, as the program that made the vectors has them. */
function goldenSamples({ Type, bits, scale, zero }: (typeof arrayTypes)[number], count: number) {
  const samples = new Type(count)
  for (let i = 0; i < count; i++) {
    const n = ((i * 40503 + 12345) % 65536) - 32768
    samples[i] = scale === 1 ? n / 32768 : bits === 8 ? (n >> 8) + zero : n * 2 ** (bits - 16)
  }
  return samples
}

const keyOf = (format: string, channels: number) => `${format}-${channels}.wav`

describeBackends('noise in memory', (backend) => {
  test.each(arrayTypes)('onto $name is that of the independent program', async (type) => {
    const pool = testPool({ backend })
    const vectors = golden.vectors.filter(({ format }) => format === type.name)
    expect(vectors.length).toBeGreaterThan(1)
    for (const { channels, level, value, clipped, output } of vectors) {
      let figures: SampleFigures | undefined
      const samples = await addNoise(goldenSamples(type, golden.frames * channels), {
        [level]: value,
        seed: golden.seed,
        key: keyOf(type.name, channels),
        channels,
        pool,
        onFigures: (told) => {
          figures = told
        },
      })
      const file = wav({ ...type, channels, sampleRate: golden.sampleRate, data: bytesOf(samples) })
      expect(sha256(file), `${channels} channels, ${level} ${value}`).toBe(output)
      expect(figures).toMatchObject({ clipped, stream: golden.stream, frames: golden.frames })
    }
  })

  test('onto whole files is that of the independent program', async () => {
    const pool = testPool({ backend })
    for (const { format, channels, level, value, output } of golden.vectors) {
      const type = arrayTypes.find(({ name }) => name === format)
      if (type === undefined) continue
      const data = bytesOf(goldenSamples(type, golden.frames * channels))
      const file = wav({ ...type, channels, sampleRate: golden.sampleRate, data })
      const options = { [level]: value, seed: golden.seed, key: keyOf(format, channels), pool }
      expect(sha256(await addNoiseToWav(file, options)), `${format}, ${level} ${value}`).toBe(output)
    }
    expect(golden.vectors.some(({ format }) => formats.some(({ name }) => name === format))).toBe(true)
  })

  test('has the standard deviation that was asked for, in every channel, and no mean', async () => {
    const channels = 3
    const count = 40_000 * channels
    for (const type of arrayTypes) {
      const samples = tone(type, count / channels, channels, 0.3)
      const noisy = await addNoise(samples, { sigma: 0.1, channels, seed: 3, pool: testPool({ backend }) })
      for (let channel = 0; channel < channels; channel++) {
        const added: number[] = []
        for (let i = channel; i < count; i += channels) added.push((noisy[i] - samples[i]) / type.scale)
        // Five standard errors of an estimate from 40,000 values; rounding to 8 bits adds 0.05 % to sigma.
        expect(Math.abs(rms(added) / 0.1 - 1), type.name).toBeLessThan(5 / Math.sqrt(2 * added.length) + 0.0006)
        const mean = added.reduce((sum, value) => sum + value, 0) / added.length
        expect(Math.abs(mean), type.name).toBeLessThan((5 * 0.1) / Math.sqrt(added.length))
      }
    }
  })

  test('has the figures that the samples themselves tell', async () => {
    for (const type of arrayTypes) {
      const samples = tone(type, 20_000)
      const values = (array: typeof samples) => Array.from(array, (value) => (value - type.zero) / type.scale)
      let figures: SampleFigures | undefined
      const onFigures = (told: SampleFigures) => {
        figures = told
      }
      const noisy = await addNoise(samples, { snr: 12, pool: testPool({ backend }), onFigures })
      const [clean, dirty] = [values(samples), values(noisy)]
      const energy = sumOfSquares(dirty.map((value, i) => value - clean[i]))
      expect(figures!.snr).toBeCloseTo(10 * Math.log10(sumOfSquares(clean) / energy), 4)
      expect(figures!.sigma).toBeCloseTo(rms(clean) * 10 ** (-12 / 20), 9)
      const highest = type.scale === 1 ? 1 : (type.scale - 1) / type.scale
      const atEnds = dirty.filter((value) => value >= highest || value <= -1).length
      expect(figures!.clipped).toBeGreaterThan(0)
      // A few get there without a clamp.
      expect(atEnds).toBeGreaterThanOrEqual(figures!.clipped)
      expect(atEnds).toBeLessThan(figures!.clipped + (type.bits === 8 ? 0.02 * dirty.length : 10))
    }
  })

  test('a range is drawn from by the key, and told', async () => {
    const samples = tone(arrayTypes[3], 100)
    const drawn = new Set<number>()
    for (const key of ['a', 'b', 'c', 'a']) {
      const onFigures = ({ sigma }: SampleFigures) => drawn.add(sigma)
      await addNoise(samples, { sigma: [0.1, 0.2], key, onFigures, pool: testPool({ backend }) })
    }
    expect(drawn.size).toBe(3)
    for (const sigma of drawn) expect(sigma > 0.1 && sigma < 0.2).toBe(true)
  })
})

describe('equal calls', () => {
  const silent = new Float32Array(9000)
  const noise = (options: Partial<SampleNoiseOptions>) => addNoise(silent, { sigma: 0.1, ...options })
  /**
   * Of independent noise the share of equal values is none to speak of, and the correlation is within five standard
   * errors.
   */
  function expectUnrelated(a: Float32Array, b: Float32Array) {
    let [product, energy, same] = [0, 0, 0]
    a.forEach((value, i) => {
      product += value * b[i]
      energy += value * value
      if (value === b[i]) same++
    })
    expect(same).toBeLessThan(10)
    expect(Math.abs(product / energy)).toBeLessThan(5 / Math.sqrt(a.length))
  }

  test("have equal noise; the key is '', and the seed 0, unless others are given", async () => {
    const plain = await noise({})
    expect(await noise({})).toEqual(plain)
    expect(await noise({ key: '', seed: 0 })).toEqual(plain)
    expect(await noise({ seed: '0' })).toEqual(plain)
    expect(await noise({ seed: 0n })).toEqual(plain)
  })

  test('with other keys or seeds have unrelated noise', async () => {
    const arrays = [await noise({}), await noise({ key: 'a' }), await noise({ seed: 1 }), await noise({ key: ' ' })]
    for (const [i, a] of arrays.entries()) for (const b of arrays.slice(i + 1)) expectUnrelated(a, b)
  })

  test('of other lengths and types have the same noise at the same places', async () => {
    const plain = await noise({})
    expect((await noise({})).subarray(0, 4097)).toEqual(await addNoise(silent.slice(0, 4097), { sigma: 0.1 }))
    const stereo = await addNoise(silent, { sigma: 0.1, channels: 2 })
    for (let i = 0; i < 4500; i++) expect(stereo[2 * i]).toBe(plain[i])
    // Rounded once, to the grid of 16 bits.
    const integers = await addNoise(new Int16Array(9000), { sigma: 0.1 })
    integers.forEach((value, i) => {
      expect(Math.abs(value - plain[i] * 32768)).toBeLessThanOrEqual(0.5)
    })
  })
})
