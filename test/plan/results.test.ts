/** Results of files, compared with figures that are measured from the samples of inputs and outputs. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import wavefile from 'wavefile'
import { type FileResult, type NoiseOptions, noiseTask, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { corpus, corpusTest } from '../support/corpus.js'
import { filesBelow, sha256, temporaryFolder } from '../support/folders.js'
import { snrError } from '../support/statistics.js'
import { formats, sine, wav } from '../support/wav.js'

const [pcm8, pcm16, pcm24, , float32, float64] = formats
const FRAMES = 4096 + 100 // more than a noise block

const speech = [
  'iver56+audiomentations/demo/p286_011.wav',
  'lhotse-speech+lhotse/test/fixtures/libri/libri-1088-134315-0000_rvb.wav',
  'lhotse-speech+lhotse/test/fixtures/ljspeech/storage/LJ002-0020.wav',
]

/** Samples by the hash of their file, because many files are equal and `wavefile` is slow. */
const decoded = new Map<string, Float64Array>()

/** The samples as `wavefile` reads them, interleaved. */
function samplesOf(file: string): Float64Array {
  const bytes = readFileSync(file)
  const hash = sha256(bytes)
  const samples = decoded.get(hash) ?? (new wavefile.WaveFile(bytes).getSamples(true, Float64Array) as never)
  decoded.set(hash, samples)
  return samples
}

const energy = (values: Float64Array) => values.reduce((sum, value) => sum + value ** 2, 0)

/** What was added to the input. */
function noiseOf({ input, output }: FileResult): Float64Array {
  const before = samplesOf(input)
  return samplesOf(output).map((value, i) => value - before[i])
}

/** Decibels of the input over what was added to it. */
const measuredSnr = (result: FileResult): number =>
  10 * Math.log10(energy(samplesOf(result.input)) / energy(noiseOf(result)))

/** Root mean square of what was added to the input. */
function measuredRms(result: FileResult): number {
  const noise = noiseOf(result)
  return Math.sqrt(energy(noise) / noise.length)
}

/** Float data of these values. */
function floats(format: typeof float32 | typeof float64, values: readonly number[]): Buffer {
  const typed = format === float32 ? Float32Array.from(values) : Float64Array.from(values)
  return Buffer.from(typed.buffer)
}

describeBackends('results', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  const noisy = (options: NoiseOptions, inputs: string[]): Promise<FileResult[]> => pool.map(noiseTask(options), inputs)

  /** Works on one file of these bytes. */
  async function noisyFile(bytes: Buffer, options: NoiseOptions) {
    const folder = temporaryFolder()
    const input = path.join(folder, 'a.wav')
    writeFileSync(input, bytes)
    const [result] = await noisy({ out: path.join(folder, 'out'), ...options }, [input])
    expect(result.error).toBeUndefined()
    return { result, output: readFileSync(result.output), folder }
  }

  test('a result has all fields', async () => {
    const bytes = wav({ ...pcm24, channels: 2, sampleRate: 48000, data: sine(pcm24, FRAMES, 2) })
    const { result, folder } = await noisyFile(bytes, { sigma: 0.01, seed: 'tea' })
    expect(result).toEqual({
      input: path.join(folder, 'a.wav'),
      output: path.join(folder, 'out/a.wav'),
      status: 'done',
      frames: FRAMES,
      channels: 2,
      sampleRate: 48000,
      format: 'pcm24',
      codec: null,
      kind: 'gaussian',
      parameters: {},
      asked: { sigma: 0.01 },
      drawn: { sigma: 0.01 },
      sigma: 0.01,
      noiseRms: expect.any(Number),
      snr: expect.any(Number),
      activeLevel: null,
      activity: null,
      gain: 1,
      peak: null,
      clipped: 0,
      bytesIn: bytes.length,
      bytesOut: bytes.length,
      seconds: expect.any(Number),
      key: 'a.wav',
      copy: 1,
      seed: 'tea',
      stream: 1,
      layers: [],
      warnings: [],
    })
    expect(result.seconds).toBeGreaterThan(0)
    expect(result.snr).toBeCloseTo(measuredSnr(result), 6)
  })

  test('a failed result has null for each unknown figure', async () => {
    const folder = temporaryFolder()
    const input = path.join(folder, 'none.wav')
    const [{ error, ...rest }] = await noisy({ out: folder, sigma: 0.1, seed: 3 }, [input])
    const names = [
      'frames',
      'channels',
      'sampleRate',
      'format',
      'codec',
      'sigma',
      'noiseRms',
      'snr',
      'activeLevel',
      'activity',
      'gain',
      'peak',
      'clipped',
      'bytesIn',
      'bytesOut',
      'seconds',
    ]
    expect(rest).toEqual({
      ...Object.fromEntries(names.map((name) => [name, null])),
      ...{
        input,
        output: path.join(folder, 'none.wav'),
        status: 'failed',
        key: 'none.wav',
        copy: 1,
        kind: 'gaussian',
        parameters: {},
        asked: { sigma: 0.1 },
        drawn: { sigma: 0.1 },
        seed: '3',
        stream: 1,
        layers: [],
      },
      warnings: [],
    })
    const told = JSON.parse(JSON.stringify(error))
    expect(told).toEqual({ code: 'E_INPUT_MISSING', message: error?.message, path: input, errno: 'ENOENT' })
  })

  test('results have the level asked for, the one drawn and the one achieved; a dry run has the first two', async () => {
    const folder = temporaryFolder()
    const names = Array.from({ length: 8 }, (_, i) => `${i}.wav`)
    for (const name of names)
      writeFileSync(path.join(folder, name), wav({ ...float64, data: sine(float64, 10 * FRAMES) }))
    const inputs = [...names.map((name) => path.join(folder, name)), path.join(folder, 'none.wav')]
    const levels = async (options: NoiseOptions) => {
      const dry = await noisy({ out: path.join(folder, 'dry'), ...options, dryRun: true }, inputs)
      const results = await noisy({ out: path.join(folder, 'out'), ...options, overwrite: true }, inputs)
      expect(dry.map(({ drawn }) => drawn)).toEqual(results.map(({ drawn }) => drawn))
      for (const { asked } of [...dry, ...results]) expect(asked).toEqual(options)
      expect(dry.map(({ snr, noiseRms }) => [snr, noiseRms])).toEqual(dry.map(() => [null, null]))
      return { dry, done: results.filter(({ status }) => status === 'done') }
    }
    const bySnr = await levels({ snr: [5, 20] })
    expect(new Set(bySnr.dry.map(({ drawn }) => drawn.snr)).size).toBe(inputs.length)
    for (const result of bySnr.done) {
      expect(Math.abs(result.drawn.snr! - measuredSnr(result))).toBeLessThan(0.1)
      expect(result.noiseRms).toBeCloseTo(measuredRms(result), 9)
    }
    const bySigma = await levels({ sigma: [0.01, 0.02] })
    for (const result of bySigma.done) {
      expect(result.drawn.sigma).toBe(result.sigma)
      expect(result.noiseRms).toBeCloseTo(measuredRms(result), 9)
      expect(result.noiseRms! / result.sigma!).toBeCloseTo(1, 1)
    }
    expect([bySnr.done.length, bySigma.done.length]).toEqual([names.length, names.length])
  })

  corpusTest(
    'the SNR asked for is that of real speech within 0.1 dB, and the one told is the one measured',
    async () => {
      const inputs = speech.map((file) => path.join(corpus, file))
      for (const snr of [30, 10]) {
        const results = await noisy({ out: temporaryFolder(), snr, seed: 1 }, inputs)
        for (const result of results) {
          expect(result, result.input).toMatchObject({ status: 'done', warnings: [] })
          const measured = measuredSnr(result)
          expect(Math.abs(measured - snr), result.input).toBeLessThan(0.1)
          expect(result.snr, result.input).toBeCloseTo(measured, 6)
        }
      }
    },
  )

  test('the SNR is against the mean power over all channels, offset included', async () => {
    // Left: a constant of 0.5; right: silence. Mean power 0.125, so at 20 dB sigma is 0.1 sqrt(0.125).
    const data = floats(
      float64,
      Array.from({ length: 2 * FRAMES }, (_, i) => (i % 2 ? 0 : 0.5)),
    )
    const { result } = await noisyFile(wav({ ...float64, channels: 2, data }), { snr: 20 })
    expect(result.sigma).toBeCloseTo(0.1 * Math.sqrt(0.125), 12)
  })

  for (const format of [pcm8, pcm16, float32]) {
    test(`a silent file of ${format.name} has no SNR: it is copied and flagged`, async () => {
      const bytes = wav({ ...format, data: sine(format, FRAMES, 1, 0) })
      const { result, output } = await noisyFile(bytes, { snr: 10 })
      expect(result).toMatchObject({ status: 'done', sigma: 0, snr: null, clipped: 0, warnings: ['W_SILENT'] })
      expect(output.equals(bytes)).toBe(true)
      const withSigma = await noisyFile(bytes, { sigma: 0.05 })
      expect(withSigma.result).toMatchObject({ sigma: 0.05, snr: null, warnings: [] })
      expect(withSigma.output.equals(bytes)).toBe(false)
    })
  }

  test('a file without samples is done, with a warning', async () => {
    const { result, output } = await noisyFile(wav(), { sigma: 0.1 })
    expect(result).toMatchObject({ frames: 0, snr: null, clipped: 0, warnings: ['W_EMPTY'] })
    expect(output.equals(wav())).toBe(true)
  })

  test('NaN and infinities keep their bits, are warned of, and spoil no sum', async () => {
    // Little-endian: a quiet NaN, signalling ones of both signs, one with a payload, and both infinities.
    const odd = Buffer.from(['0000c07f', '0100807f', '010080ff', '7856b4ff', '0000807f', '000080ff'].join(''), 'hex')
    const rest = sine(float32, FRAMES)
    const data = Buffer.concat([rest, odd, rest])
    for (const options of [
      { sigma: 0.05 },
      { snr: 10 },
      { sigma: 0.05, clip: false },
      { sigma: 0 },
    ] as NoiseOptions[]) {
      const { result, output } = await noisyFile(wav({ ...float32, data }), options)
      expect(result.warnings).toEqual(['W_NON_FINITE'])
      const at = 44 + rest.length
      expect(output.subarray(at, at + odd.length).equals(odd)).toBe(true)
      if (options.sigma === 0) continue
      expect(Number.isFinite(result.snr)).toBe(true)
      expect(output.subarray(44, at).equals(rest)).toBe(false)
      if (options.snr) expect(Math.abs(result.snr! - 10)).toBeLessThan(snrError(2 * FRAMES))
    }
  })

  test('a power that overflows is an error only if an SNR needs it', async () => {
    const folder = temporaryFolder()
    const input = path.join(folder, 'a.wav')
    writeFileSync(input, wav({ ...float64, data: floats(float64, [1e200, 0.5, -1e200]) }))
    const [bySnr] = await noisy({ out: path.join(folder, 'out'), snr: 10 }, [input])
    expect(bySnr.error).toMatchObject({ code: 'E_SIGNAL_POWER', path: input })
    expect(filesBelow(folder)).toEqual(['a.wav'])
    const [bySigma] = await noisy({ out: path.join(folder, 'out'), sigma: 0.1, clip: false }, [input])
    expect(bySigma).toMatchObject({ status: 'done', snr: null })
  })

  for (const format of [float32, float64] as const) {
    test(`${format.name} is clamped to full scale, and counted, unless clipping is off`, async () => {
      const values = Array.from({ length: FRAMES }, (_, i) => 1.2 * Math.sin(i * 0.05))
      const bytes = wav({ ...format, data: floats(format, values) })
      const open = await noisyFile(bytes, { sigma: 0.2, clip: false })
      const clipped = await noisyFile(bytes, { sigma: 0.2 })
      const [free, held] = [open, clipped].map(({ result }) => samplesOf(result.output))
      const beyond = free.filter((value) => Math.abs(value) > 1).length
      expect(beyond).toBeGreaterThan(FRAMES / 10)
      expect(open.result.clipped).toBe(0)
      expect(clipped.result.clipped).toBe(beyond)
      expect(held).toEqual(free.map((value) => Math.max(-1, Math.min(1, value))))
      const untouched = await noisyFile(bytes, { sigma: 0 })
      expect(untouched.output.equals(bytes)).toBe(true)
      expect(untouched.result.clipped).toBe(0)
    })
  }

  test('clipped noise has a warning, and the SNR after clipping', async () => {
    const loud = wav({ ...pcm16, data: sine(pcm16, FRAMES, 1, 0.99) })
    const { result } = await noisyFile(loud, { snr: -10, clip: false }) // PCM has no more room for that
    expect(result.warnings).toEqual(['W_CLIPPED', 'W_SNR_OFF'])
    expect(result.clipped).toBeGreaterThan(FRAMES / 4)
    expect(result.snr).toBeCloseTo(measuredSnr(result), 6)
    expect(result.snr).toBeGreaterThan(-9.5)
  })

  test('noise that rounding removes has a warning', async () => {
    const bytes = wav({ ...pcm16, data: sine(pcm16, FRAMES) })
    const { result, output } = await noisyFile(bytes, { snr: 120 })
    expect(output.equals(bytes)).toBe(true) // a step is 90 dB below full scale
    expect(result).toMatchObject({ snr: null, warnings: ['W_SNR_OFF'] })
    const fine = await noisyFile(wav({ ...float64, data: sine(float64, FRAMES) }), { snr: 120 })
    expect(fine.result.warnings).toEqual([])
    expect(Math.abs(fine.result.snr! - 120)).toBeLessThan(snrError(FRAMES))
  })
})
