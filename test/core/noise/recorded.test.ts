/** Recorded noise: pieces of the files of a bank, looped, heard once, as voices and as events. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EtlFigures, EtlJob } from '../../../dist-lib/core/etl.js'
import type { Recorded } from '../../../dist-lib/core/noise/recorded.js'
import { amplitudeOf } from '../../../dist-lib/plan/levels.js'
import { floats, type NoiseFile, noise, NOISE_RATE as RATE, writeBank, writeIndex } from '../../support/banks.js'
import { sharedFolder, temporaryFolder } from '../../support/folders.js'
import { describeHalves, type JobSettings, jobFor, type RunJobs, runTypeScript, twins } from '../../support/jobs.js'
import { formats, wav } from '../../support/wav.js'

const recordedOf = (bank: string, parts: Partial<Recorded> = {}): Recorded => ({
  bank,
  fit: 'loop',
  balance: 'file',
  downmix: 'first',
  voices: 1,
  gap: undefined,
  ...parts,
})

const snr = (decibels: number): JobSettings => ({ levelKind: 'snr', level: amplitudeOf(-decibels), clip: 'none' })

const signal = (frames: number, channels = 1) => noise(99, frames * channels)

const samplesOf = (bytes: Buffer) => new Float32Array(bytes.buffer, bytes.byteOffset + 44, (bytes.length - 44) / 4)

/** Runs a float32 signal through one half. Returns the noise that was added, and the figures. */
async function mixed(run: RunJobs, input: Float32Array, channels: number, settings: JobSettings, key = 1) {
  const folder = temporaryFolder()
  writeFileSync(path.join(folder, 'a.wav'), wav({ tag: 3, bits: 32, channels, sampleRate: RATE, data: floats(input) }))
  const job = jobFor(folder, 'a', 'out', { ...settings, key: { low: key, high: 7 } })
  const [outcome] = await run([job])
  if ('failure' in outcome) return outcome.failure
  const output = samplesOf(readFileSync(job.output as string))
  return { added: Float64Array.from(output, (value, i) => value - input[i]), figures: outcome.figures }
}

const succeeded = (result: Awaited<ReturnType<typeof mixed>>): { added: Float64Array; figures: EtlFigures } => {
  if (!('added' in result)) throw new Error(`${result.code} ${result.detail}`)
  return result
}

const power = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length

const decibels = (ratio: number) => 10 * Math.log10(ratio)

/** Checks that values are `expected` times one factor. */
function expectMultiple(values: ArrayLike<number>, expected: ArrayLike<number>): void {
  const factor = Math.sqrt(power(values) / power(expected))
  const worst = Array.from(values).reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - factor * expected[i])),
    0,
  )
  expect(worst).toBeLessThan(1e-6)
}

describeHalves('recorded noise', (run) => {
  const folder = sharedFolder()

  test('of a longer file is a piece of it, at the SNR that is asked for', async () => {
    const { index, samples } = writeBank(folder, [{ name: 'long.wav', frames: 30_000 }])
    const input = signal(10_000)
    const result = await mixed(run, input, 1, { ...snr(7), recorded: recordedOf(index) })
    const { added, figures } = succeeded(result)
    const [{ pieces, deviation }] = figures.layers
    expect(pieces).toHaveLength(1)
    const { from } = pieces[0]
    expectMultiple(added, samples.get('long.wav')!.subarray(from, from + 10_000))
    expect(decibels(power(input) / power(added))).toBeCloseTo(7, 3)
    expect(deviation).toBeCloseTo(Math.sqrt(power(added)), 6)
  })

  test('of a shorter file is looped, with fades of equal power', async () => {
    const own = temporaryFolder()
    const { index, samples } = writeBank(own, [{ name: 'short.wav', frames: 9000 }])
    const recording = samples.get('short.wav')!
    const { added, figures } = succeeded(
      await mixed(run, signal(40_000), 1, { ...snr(0), recorded: recordedOf(index) }),
    )
    const { from } = figures.layers[0].pieces[0]
    // Half a second is 4000 frames.
    const round = 5000
    const expected = Float64Array.from({ length: 40_000 }, (_, frame) => {
      const within = (from + frame) % round
      if (within >= 4000) return recording[within]
      const part = (within + 0.5) / 4000
      return Math.sqrt(part) * recording[within] + Math.sqrt(1 - part) * recording[round + within]
    })
    expectMultiple(added, expected)
    // A second of the seams has the power of the rest.
    const seams = Array.from(added).filter((_, frame) => (from + frame) % round < 4000)
    const rest = Array.from(added).filter((_, frame) => (from + frame) % round >= 4000)
    expect(Math.abs(decibels(power(seams) / power(rest)))).toBeLessThan(0.2)
  })

  test('of a shorter file is heard once, at a drawn place, at the SNR while it is heard', async () => {
    const own = temporaryFolder()
    const { index, samples } = writeBank(own, [{ name: 'short.wav', frames: 900 }])
    const input = signal(10_000)
    const settings = { ...snr(5), recorded: recordedOf(index, { fit: 'once' }) }
    const { added, figures } = succeeded(await mixed(run, input, 1, settings))
    const { at } = figures.layers[0].pieces[0]
    expectMultiple(added.subarray(at, at + 900), samples.get('short.wav')!)
    expect(power(added.subarray(0, at))).toBe(0)
    expect(power(added.subarray(at + 900))).toBe(0)
    expect(decibels(power(input) / power(added.subarray(at, at + 900)))).toBeCloseTo(5, 3)
  })

  test('has an RMS by sigma, too', async () => {
    const own = temporaryFolder()
    const { index } = writeBank(own, [{ name: 'a.wav', frames: 20_000 }])
    const settings: JobSettings = { level: 0.02, clip: 'none', recorded: recordedOf(index) }
    const { added, figures } = succeeded(await mixed(run, signal(8000), 1, settings))
    expect(Math.sqrt(power(added))).toBeCloseTo(0.02, 6)
    expect(figures.sigma).toBe(0.02)
  })

  test('has voices of equal power, of different files', async () => {
    const own = temporaryFolder()
    const files = Array.from({ length: 6 }, (_, i) => ({
      name: `${i}.wav`,
      frames: 12_000,
      samples: noise(i, 12_000).map((value) => value * (i + 1) * 0.1),
    }))
    const { index, samples } = writeBank(own, files)
    const input = signal(12_000)
    const settings = { ...snr(3), recorded: recordedOf(index, { voices: 4 }) }
    const { added, figures } = succeeded(await mixed(run, input, 1, settings))
    const { pieces } = figures.layers[0]
    expect(new Set(pieces.map(({ file }) => file)).size).toBe(4)
    const voices = pieces.map(({ file }) => {
      const voice = samples.get(`${file}.wav`)!
      const rms = Math.sqrt(power(voice))
      return voice.map((value) => value / rms)
    })
    const sum = Float64Array.from({ length: 12_000 }, (_, frame) =>
      voices.reduce((sum, voice) => sum + voice[frame], 0),
    )
    expectMultiple(added, sum)
    expect(decibels(power(input) / power(added))).toBeCloseTo(3, 3)
  })

  test('has events with gaps, each at the SNR', async () => {
    const own = temporaryFolder()
    const { index } = writeBank(own, [
      { name: 'a.wav', frames: 2000 },
      { name: 'b.wav', frames: 3000, samples: noise(5, 3000).map((value) => value / 10) },
    ])
    const input = signal(100_000)
    const settings = { ...snr(10), recorded: recordedOf(index, { gap: [0.25, 0.5] }) }
    const { added } = succeeded(await mixed(run, input, 1, settings))
    // Events and gaps, as the noise itself shows them.
    const sounds = Array.from(added, (value) => value !== 0)
    const events: [start: number, end: number][] = []
    for (let i = 0; i < sounds.length; i++) {
      if (!sounds[i]) continue
      const last = events.at(-1)
      if (last === undefined || i - last[1] > 100) events.push([i, i])
      else last[1] = i
    }
    expect(events.length).toBeGreaterThan(18)
    for (const [i, [start, end]] of events.slice(0, -1).entries()) {
      const frames = end - start + 1
      expect(Math.min(Math.abs(frames - 2000), Math.abs(frames - 3000))).toBeLessThan(3)
      const gap = start - (i === 0 ? 0 : events[i - 1][1] + 1)
      expect(gap).toBeGreaterThanOrEqual(1998)
      expect(gap).toBeLessThanOrEqual(4002)
      expect(decibels(power(input) / power(added.subarray(start, end + 1)))).toBeCloseTo(10, 1)
    }
  })

  test('of one channel goes to all, of more the first are heard, or their mean', async () => {
    const own = temporaryFolder()
    const files: NoiseFile[] = [{ name: 'four.wav', frames: 5000, channels: 4 }]
    const { index, samples } = writeBank(own, files)
    const four = samples.get('four.wav')!
    const input = signal(5000, 2)
    const first = succeeded(await mixed(run, input, 2, { ...snr(3), recorded: recordedOf(index) }))
    expectMultiple(
      first.added,
      Float64Array.from(first.added, (_, i) => four[4 * Math.floor(i / 2) + (i % 2)]),
    )
    const settings = { ...snr(3), recorded: recordedOf(index, { downmix: 'mean' }) }
    const mean = succeeded(await mixed(run, input, 2, settings))
    expectMultiple(
      mean.added,
      Float64Array.from(mean.added, (_, i) => {
        const frame = Math.floor(i / 2)
        return (four[4 * frame] + four[4 * frame + 1] + four[4 * frame + 2] + four[4 * frame + 3]) / 4
      }),
    )
    const one = writeBank(temporaryFolder(), [{ name: 'one.wav', frames: 5000 }])
    const mono = succeeded(await mixed(run, input, 2, { ...snr(3), recorded: recordedOf(one.index) }))
    expectMultiple(
      mono.added,
      Float64Array.from(mono.added, (_, i) => one.samples.get('one.wav')![Math.floor(i / 2)]),
    )
  })

  test('draws silent pieces again, and fails if there is nothing else', async () => {
    const quiet = { frames: 5000, samples: new Float32Array(5000) }
    const { index } = writeBank(temporaryFolder(), [
      { name: 'a.wav', ...quiet },
      { name: 'b.wav', frames: 5000 },
    ])
    const settings = { ...snr(0), recorded: recordedOf(index) }
    for (let key = 0; key < 10; key++) {
      const { added, figures } = succeeded(await mixed(run, signal(5000), 1, settings, key))
      expect(figures.layers[0].pieces[0].file).toBe(1)
      expect(power(added)).toBeGreaterThan(0)
    }
    const silent = writeBank(temporaryFolder(), [{ name: 'a.wav', ...quiet }])
    const failure = await mixed(run, signal(5000), 1, { ...snr(0), recorded: recordedOf(silent.index) })
    expect(failure).toMatchObject({ code: 'E_NOISE_SILENT' })
    const events = { ...snr(0), recorded: recordedOf(silent.index, { gap: [0.1, 0.1] }) }
    expect(await mixed(run, signal(5000), 1, events)).toMatchObject({ code: 'E_NOISE_SILENT' })
  })

  test('takes NaNs and infinities for zeros', async () => {
    const samples = noise(3, 5000)
    samples[100] = Number.NaN
    samples[200] = Number.POSITIVE_INFINITY
    const { index } = writeBank(temporaryFolder(), [{ name: 'a.wav', frames: 5000, samples }])
    const { added } = succeeded(await mixed(run, signal(5000), 1, { ...snr(0), recorded: recordedOf(index) }))
    expect([added[100], added[200]]).toEqual([0, 0])
    expectMultiple(
      added,
      samples.map((value) => (Number.isFinite(value) ? value : 0)),
    )
  })

  test('refuses files that changed or vanished, other rates and too few files', async () => {
    const own = temporaryFolder()
    const { index } = writeBank(own, [
      { name: 'a.wav', frames: 5000 },
      { name: 'b.wav', frames: 5000, rate: 16_000 },
    ])
    const settings = { ...snr(0), recorded: recordedOf(index) }
    expect(succeeded(await mixed(run, signal(5000), 1, settings)).figures.warnings).toEqual(['W_NOISE_RATE'])
    const babble = { ...snr(0), recorded: recordedOf(index, { voices: 3 }) }
    expect(await mixed(run, signal(5000), 1, babble)).toMatchObject({ code: 'E_NOISE_FEW' })
    writeFileSync(path.join(own, 'a.wav'), 'something else')
    expect(await mixed(run, signal(5000), 1, settings)).toMatchObject({
      code: 'E_NOISE_FILE',
      detail: 'a.wav: it has changed',
    })
    const gone = writeBank(temporaryFolder(), [{ name: 'a.wav', frames: 5000 }])
    writeIndex(gone.index.replace('index', 'other'), [
      {
        path: '/nowhere/a.wav',
        name: 'a.wav',
        folder: 0,
        size: 1,
        modified: 1,
        frames: 1,
        sampleRate: RATE,
        channels: 1,
      },
    ])
    const missing = { ...snr(0), recorded: recordedOf(gone.index.replace('index', 'other')) }
    expect(await mixed(run, signal(5000), 1, missing)).toMatchObject({
      code: 'E_NOISE_FILE',
      detail: 'a.wav: E_INPUT_MISSING',
    })
  })
})

describe('all kernels', () => {
  const folder = sharedFolder()
  const bank = () =>
    writeBank(folder, [
      { name: 'a.wav', frames: 700 },
      { name: 'b.wav', frames: 9001, channels: 2, format: 'pcm16' },
      { name: 'c.wav', frames: 100_000, format: 'float64' },
      { name: 'd.wav', frames: 30_000, channels: 3, format: 'pcm16', bigEndian: true },
      { name: 'e.wav', frames: 1, samples: Float32Array.of(0.5) },
      { name: 'f.wav', frames: 20_000, samples: new Float32Array(20_000) },
      { name: 'g.wav', frames: 4096 },
    ])
  const ways: readonly Partial<Recorded>[] = [
    {},
    { fit: 'once' },
    { balance: 'folder', downmix: 'mean' },
    { voices: 3 },
    { voices: 2, fit: 'once' },
    { gap: [0.05, 0.3] },
    { gap: [0.1, 0.1], downmix: 'mean' },
  ]
  const levels: readonly JobSettings[] = [
    snr(5),
    { level: 0.05 },
    { ...snr(0), output: { kind: 'peak', target: 0.5 }, dither: true },
    { ...snr(10), reference: 'active' },
    { ...snr(-5), clip: 'scale' },
  ]

  test.each(ways)('have the same outcomes, bytes and figures: %j', async (way) => {
    const { index } = bank()
    const own = temporaryFolder()
    const jobs: EtlJob[] = []
    for (const [i, { tag, bits, name }] of formats.entries()) {
      for (const channels of [1, 2]) {
        const frames = [10_001, 50_000, 300][(i + channels) % 3]
        const values = signal(frames, channels)
        const data =
          name === 'float32'
            ? floats(values)
            : name === 'float64'
              ? Buffer.from(Float64Array.from(values).buffer)
              : Buffer.from(Uint8Array.from({ length: (frames * channels * bits) / 8 }, (_, n) => (n * 37) % 251))
        const file = `${name}-${channels}`
        writeFileSync(path.join(own, `${file}.wav`), wav({ tag, bits, channels, sampleRate: RATE, data }))
        for (const [level, settings] of levels.entries()) {
          if ((level + i + channels) % 2 === 0) continue
          const key = { low: 100 * i + 10 * channels + level, high: 3 }
          jobs.push(jobFor(own, file, `${level}`, { ...settings, key, recorded: recordedOf(index, way) }))
        }
      }
    }
    const tagged = (tag: string) =>
      jobs.map((job) => ({ ...job, output: `${job.output}.${tag}`, temporary: `${job.temporary}.${tag}` }))
    const seen = async (run: RunJobs, tag: string) => {
      const own = tagged(tag)
      const outcomes = await run(own)
      return outcomes.map((outcome, i) =>
        'failure' in outcome
          ? outcome.failure
          : { ...outcome.figures, seconds: 0, bytes: readFileSync(own[i].output as string).toString('base64') },
      )
    }
    const expected = await seen(runTypeScript, 'ts')
    expect(expected.filter((one) => 'bytes' in one).length).toBeGreaterThan(jobs.length / 2)
    for (const [name, run] of twins) expect(await seen(run, name), name).toEqual(expected)
  })
})
