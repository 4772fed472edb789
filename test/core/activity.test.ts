/**
 * The active speech level is that of ITU-T P.56, method B: active_level.py was written from the Recommendation alone, and
 * measures the same. All backends and kernels agree to the last bit.
 */

import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  addNoise,
  addNoiseToFiles,
  addNoiseToWav,
  type FileResult,
  type NoiseSpec,
  type PoolOptions,
  type SampleFigures,
  type Samples,
} from '../../dist/index.js'
import { hasAddon } from '../support/backends.js'
import { corpus, corpusTest } from '../support/corpus.js'
import { newFolder, removeFolder, sha256OfFile, temporaryFolder } from '../support/folders.js'
import { wasm } from '../support/kernels.js'
import { Random } from '../support/random.js'
import { hasEspeak, hasModule, hasSox, outputOf, python } from '../support/readers.js'
import { formats, HEADER_BYTES, wav } from '../support/wav.js'

type Format = (typeof formats)[number]

const [, pcm16, , , float32, float64] = formats
const hasScipy = hasModule('scipy')
const program = path.join(import.meta.dirname, 'active_level.py')

const active = { snr: 10, snrReference: 'active', exactSnr: true, clip: false, seed: 1 } as const satisfies NoiseSpec

interface Channel {
  readonly level: number | null
  readonly activity: number
  readonly power: number
}

/** What the Recommendation says of files. */
const measured = (files: readonly string[]): { channels: Channel[] }[] =>
  JSON.parse(outputOf(python, [program, ...files]).toString())

/** Makes the samples of a channel: `value` of each time in seconds. */
const signal = (rate: number, seconds: number, value: (time: number, i: number) => number): Float64Array =>
  Float64Array.from({ length: Math.round(rate * seconds) }, (_, i) => value(i / rate, i))

/**
 * Something like speech: harmonics of a voice and noise in four syllables a second, and a pause of 0.9 s after 1.6 s of
 * them, over a quiet background. Its RMS is `decibels`.
 */
function speech(rate: number, decibels: number, seed: number): Float64Array {
  const random = new Random(seed)
  const noise = () => random.word() / 2 ** 31 - 1
  const voice = 110 + 20 * seed
  const samples = signal(rate, 3, (time) => {
    const talks = (time + seed / 5) % 2.5 < 1.6
    const syllable = talks ? Math.sin(4 * Math.PI * time) ** 2 : 0
    const harmonics = [1, 2, 3, 5, 8].reduce((sum, n) => sum + Math.sin(2 * Math.PI * voice * n * time) / n, 0)
    return syllable * (0.5 * harmonics + 0.3 * noise()) + 0.001 * noise()
  })
  const rms = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
  return samples.map((x) => (x / rms) * 10 ** (decibels / 20))
}

const whole = (x: number) => Math.min(32767, Math.max(-32768, Math.round(x * 32768)))

/** Makes a file of these channels, which are equally long. */
function fileOf(format: Format, sampleRate: number, ...channels: readonly Float64Array[]): Buffer {
  const samples = Array.from(
    { length: channels[0].length * channels.length },
    (_, i) => channels[i % channels.length][Math.floor(i / channels.length)],
  )
  const array =
    format === pcm16
      ? Int16Array.from(samples, whole)
      : format === float32
        ? Float32Array.from(samples)
        : Float64Array.from(samples)
  return wav({ ...format, channels: channels.length, sampleRate, data: new Uint8Array(array.buffer) })
}

/** Adds noise to files. The results are in the order of the files. */
async function resultsOf(files: readonly string[], out: string, options: PoolOptions = {}): Promise<FileResult[]> {
  const results: FileResult[] = []
  for await (const result of addNoiseToFiles(files, { ...active, ...options, out })) results.push(result)
  return results.sort((a, b) => files.indexOf(a.input) - files.indexOf(b.input))
}

const decibels = (power: number) => 10 * Math.log10(power)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** The power to which SNRs refer: a mean over channels. */
const activePower = (channels: readonly Channel[]) =>
  mean(channels.map(({ level, power }) => (level === null ? power : 10 ** (level / 10))))

/** Compares results with what the Recommendation says of their inputs. */
function compare(files: readonly string[], results: readonly FileResult[]): void {
  expect(results.map(({ status }) => status)).toEqual(files.map(() => 'done'))
  measured(files).forEach(({ channels }, i) => {
    const { activeLevel, activity, warnings } = results[i]
    const name = path.basename(files[i])
    expect(
      channels.filter(({ level }) => level === null),
      name,
    ).toEqual([])
    // Both compute in float64, in another order. A sample that is just at a threshold may count on one side only.
    expect(activeLevel, name).toBeCloseTo(decibels(activePower(channels)), 3)
    expect(activity, name).toBeCloseTo(mean(channels.map((channel) => channel.activity)), 4)
    expect(warnings, name).not.toContain('W_NO_ACTIVITY')
  })
}

const needsScipy = describe.skipIf(!hasScipy)

needsScipy('the level is that of the Recommendation (needs SciPy)', () => {
  test('of signals like speech, in each format, at each rate', async () => {
    const folder = temporaryFolder()
    const files = [8000, 16000, 22050, 44100, 48000].flatMap((rate, i) =>
      [pcm16, float32].flatMap((format, j) =>
        [1, 2].map((count, k) => {
          const level = [-6, -23, -40][(i + j + k) % 3]
          const channels = [speech(rate, level, 1), speech(rate, level - 11, 2)].slice(0, count)
          const file = path.join(folder, `${format.name} ${rate} Hz, ${count} channels, ${level} dB.wav`)
          writeFileSync(file, fileOf(format, rate, ...channels))
          return file
        }),
      ),
    )
    compare(files, await resultsOf(files, path.join(folder, 'out')))
  })

  test.skipIf(!hasEspeak() || !hasSox())('of synthetic speech (needs espeak-ng and SoX)', async () => {
    const folder = temporaryFolder()
    const text = "Hello there. <break time='800ms'/> This is a test. <break time='1500ms'/> And a longer last sentence."
    const spoken = ['en', 'de', 'en-us+f3'].map((voice) => {
      const file = path.join(folder, `${voice}.wav`)
      outputOf('espeak-ng', ['-m', '-v', voice, '-w', file, text])
      return file
    })
    const files = [8000, 16000, 22050, 44100, 48000].flatMap((rate, i) =>
      [
        ['-b', '16'],
        ['-e', 'float', '-b', '32'],
      ].map((encoding, j) => {
        const file = path.join(folder, `${rate} ${encoding.join(' ')}.wav`)
        const level = [-6, -17, -28, -40][(i + j) % 4]
        const voices = j === i % 2 ? ['-M', ...spoken.slice(0, 2)] : [spoken[(i + j) % 3]]
        outputOf('sox', ['-D', ...voices, '-r', `${rate}`, ...encoding, file, 'gain', '-n', `${level}`])
        return file
      }),
    )
    compare(files, await resultsOf(files, path.join(folder, 'out')))
  })

  corpusTest('of recorded speech', async () => {
    const lhotse = path.join(corpus, 'lhotse-speech+lhotse/test/fixtures')
    const files = [
      path.join(lhotse, 'ami/ES2011a.Headset-0-40s-46s.wav'),
      path.join(lhotse, 'libri/libri-1088-134315-0000.wav'),
      path.join(lhotse, 'ljspeech/storage/LJ002-0020.wav'),
      path.join(lhotse, 'stereo.wav'),
      path.join(corpus, 'akx+afsp-mirror/test/audiofiles/M1F1-int16.wav'),
      path.join(corpus, 'iver56+audiomentations/demo/p286_011.wav'),
    ]
    compare(files, await resultsOf(files, path.join(temporaryFolder(), 'out')))
  })

  test('the noise has the SNR against that level', async () => {
    const folder = temporaryFolder()
    const files = [8000, 48000].flatMap((rate) =>
      [1, 2].map((count) => {
        const file = path.join(folder, `${rate} ${count}.wav`)
        writeFileSync(file, fileOf(float32, rate, ...[speech(rate, -20, 3), speech(rate, -30, 4)].slice(0, count)))
        return file
      }),
    )
    const results = await resultsOf(files, path.join(folder, 'out'))
    const samples = (file: string) => new Float32Array(Uint8Array.from(readFileSync(file)).buffer, HEADER_BYTES)
    measured(files).forEach(({ channels }, i) => {
      const clean = samples(files[i])
      const noise = samples(results[i].output as string).map((y, at) => y - clean[at])
      const snr = decibels(activePower(channels) / mean(Array.from(noise, (x) => x * x)))
      expect(snr).toBeCloseTo(10, 3)
      expect(results[i].snr).toBeCloseTo(snr, 3)
    })
  })
})

const places: readonly (readonly [name: string, options: PoolOptions])[] = [
  ['inline, ts', { backend: 'inline', kernel: 'ts' }],
  ...(wasm ? [['inline, wasm', { backend: 'inline', kernel: 'wasm' }] as const] : []),
  ['workers, ts', { backend: 'workers', kernel: 'ts', size: 2 }],
  ...(wasm ? [['workers, wasm', { backend: 'workers', kernel: 'wasm', size: 2 }] as const] : []),
  ...(hasAddon ? [['native', { backend: 'native', size: 2 }] as const] : []),
]

/** Adds noise to files in all places, below a folder, and compares bytes and figures. Returns the results. */
async function agreed(files: readonly string[], folder: string): Promise<FileResult[]> {
  const seen: FileResult[][] = []
  for (const [name, options] of places) {
    const out = path.join(folder, name)
    seen.push(await resultsOf(files, out, options))
    const [first, last] = [seen[0], seen.at(-1)!]
    const common = (results: FileResult[]) =>
      results.map(({ output: _, seconds: __, error, ...rest }) => ({ ...rest, code: error?.code }))
    expect(common(last), name).toEqual(common(first))
    last.forEach(({ status, output }, i) => {
      if (status !== 'done') return
      const same = readFileSync(output as string).equals(readFileSync(first[i].output as string))
      expect(same, `${name}: the bytes of ${files[i]}`).toBe(true)
    })
  }
  return seen[0]
}

/** Signals that the time constants, the formats or the method hardly allow for. */
const edges: Readonly<Record<string, () => Buffer>> = {
  '1 frame': () => fileOf(float32, 16000, Float64Array.of(0.5)),
  '1 frame of 1 Hz': () => fileOf(pcm16, 1, Float64Array.of(0.5)),
  '10 frames': () => fileOf(pcm16, 16000, speech(16000, -20, 1).subarray(9000, 9010)),
  '1000 frames': () => fileOf(float32, 16000, speech(16000, -20, 1).subarray(9000, 10000)),
  DC: () =>
    fileOf(
      pcm16,
      8000,
      signal(8000, 3, () => 0.25),
    ),
  'DC of 1 Hz': () =>
    fileOf(
      float32,
      1,
      signal(1, 5000, () => -0.3),
    ),
  'a click': () =>
    fileOf(
      pcm16,
      16000,
      signal(16000, 2, (_, i) => (i === 9000 ? 0.9 : 0)),
    ),
  'a click and silence that lasts': () =>
    fileOf(
      pcm16,
      1000,
      signal(1000, 100, (_, i) => (i === 10 ? 0.9 : 0)),
    ),
  silence: () => fileOf(float32, 16000, new Float64Array(9000)),
  'a silent channel': () => fileOf(pcm16, 8000, speech(8000, -20, 1), speech(8000, -20, 1).fill(0)),
  '1 Hz': () => fileOf(pcm16, 1, speech(8000, -20, 1)),
  'the highest rate': () => fileOf(float32, 2 ** 32 - 1, speech(8000, -20, 1)),
  '1024 channels': () => fileOf(pcm16, 100, ...Array.from({ length: 1024 }, (_, i) => speech(100, -20 - i / 50, i))),
  'NaN and infinities': () => {
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    return fileOf(
      float32,
      8000,
      speech(8000, -20, 1).map((x, i) => (i % 100 < 3 ? odd[i % 100] : x)),
      speech(8000, -20, 2).fill(Number.NaN),
    )
  },
  'full scale 32768': () => fileOf(float32, 8000, speech(8000, 70, 1)),
  'as quiet as the noise of 24 bits': () => fileOf(float32, 8000, speech(8000, -140, 1)),
  'subnormal float32': () => fileOf(float32, 8000, speech(8000, -790, 1)),
  'subnormal float64': () => fileOf(float64, 8000, speech(8000, -6300, 1)),
  'energy that just fits into float64': () => fileOf(float64, 8000, speech(8000, 3020, 1)),
  'energy that overflows': () => fileOf(float64, 8000, speech(8000, 3200, 1)),
}

describe('at the edges', () => {
  const folder = newFolder()
  const names = Object.keys(edges)
  const files = names.map((name) => path.join(folder, `${name}.wav`))
  let results: FileResult[]
  const of = (name: string) => results[names.indexOf(name)]

  beforeAll(async () => {
    names.forEach((name, i) => {
      writeFileSync(files[i], edges[name]())
    })
    results = await agreed(files, path.join(folder, 'out'))
    return () => removeFolder(folder)
  })

  test('files are written, unless their energy is beyond float64', () => {
    const failed = results.filter(({ status }) => status === 'failed')
    expect(failed.map(({ error }) => error?.code)).toEqual(['E_SIGNAL_POWER'])
    expect(of('energy that overflows').status).toBe('failed')
  })

  test.skipIf(!hasScipy)('the level is that of the Recommendation, or reported as unknown (needs SciPy)', () => {
    const unknown: string[] = []
    // SciPy reads NaN and infinities, but they are in no sum.
    const read = names.filter((name) => name !== 'NaN and infinities' && of(name).status === 'done')
    measured(read.map((name) => files[names.indexOf(name)])).forEach(({ channels }, i) => {
      const { activeLevel, activity, warnings } = of(read[i])
      const isKnown = channels.every(({ level, power }) => level !== null || power === 0)
      expect(warnings.includes('W_NO_ACTIVITY'), read[i]).toBe(!isKnown)
      if (isKnown) expect(activity, read[i]).toBeCloseTo(mean(channels.map((channel) => channel.activity)), 6)
      else unknown.push(read[i])
      const power = activePower(channels)
      if (power === 0) expect(activeLevel, read[i]).toBeNull()
      else expect(activeLevel, read[i]).toBeCloseTo(decibels(power), 6)
    })
    expect(unknown).toEqual([
      '1 frame',
      '10 frames',
      '1000 frames',
      'a click',
      'a click and silence that lasts',
      'the highest rate',
      'subnormal float32',
      'energy that just fits into float64',
    ])
  })

  test('a level that never changes is that of the signal', () => {
    expect(of('DC').activeLevel).toBeCloseTo(decibels(0.25 ** 2), 1)
    expect(of('DC').activity).toBeGreaterThan(0.99)
    expect(of('DC of 1 Hz').activeLevel).toBeCloseTo(decibels(0.3 ** 2), 6)
    for (const { activity } of results) expect(activity ?? 0).toBeLessThanOrEqual(1)
  })

  test('a channel that is silent halves the power and the activity', async () => {
    const own = temporaryFolder()
    const file = path.join(own, 'mono.wav')
    writeFileSync(file, fileOf(pcm16, 8000, speech(8000, -20, 1)))
    const [mono] = await agreed([file], own)
    expect(of('a silent channel').activeLevel).toBeCloseTo(mono.activeLevel! + decibels(0.5), 9)
    expect(of('a silent channel').activity).toBeCloseTo(mono.activity! / 2, 12)
  })

  test('samples that are not finite count as zero', async () => {
    const own = temporaryFolder()
    const file = path.join(own, 'zeros.wav')
    const zeros = speech(8000, -20, 1).map((x, i) => (i % 100 < 3 ? 0 : x))
    writeFileSync(
      file,
      fileOf(
        float32,
        8000,
        zeros,
        zeros.map(() => 0),
      ),
    )
    const [{ activeLevel, activity }] = await agreed([file], own)
    expect(of('NaN and infinities')).toMatchObject({ activeLevel, activity })
    expect(of('NaN and infinities').warnings).toContain('W_NON_FINITE')
  })
})

test('a file of several parts is the same from one thread and from four', async () => {
  const folder = temporaryFolder()
  const file = path.join(folder, 'long.wav')
  // Speech and then silence without blocks on the disk: six parts of 4 MiB.
  const spoken = speech(16000, -20, 1)
  const length = 21 * 2 ** 20
  const start = fileOf(pcm16, 16000, spoken)
  start.writeUInt32LE(length + HEADER_BYTES - 8, 4)
  start.writeUInt32LE(length, HEADER_BYTES - 4)
  writeFileSync(file, start)
  truncateSync(file, HEADER_BYTES + length)
  const seen: unknown[] = []
  const hashes = new Set<string>()
  for (const backend of ['workers', ...(hasAddon ? (['native'] as const) : [])] as const)
    for (const size of [1, 4]) {
      const [result] = await resultsOf([file], path.join(folder, `${backend} ${size}`), { backend, size })
      const { activeLevel, activity, sigma, noiseRms, snr, status } = result
      seen.push({ activeLevel, activity, sigma, noiseRms, snr, status })
      hashes.add(sha256OfFile(result.output as string))
      rmSync(result.output as string)
    }
  expect(new Set(seen.map((figures) => JSON.stringify(figures))).size).toBe(1)
  expect(hashes.size).toBe(1)
  // Silence changes the active level only until the envelope has left all thresholds that matter.
  const short = path.join(folder, 'short.wav')
  writeFileSync(short, fileOf(pcm16, 16000, Float64Array.of(...spoken, ...new Float64Array(16000))))
  const [{ activeLevel }] = await resultsOf([short], path.join(folder, 'out'))
  expect(seen[0]).toMatchObject({ status: 'done', activeLevel })
})

describe('in memory', () => {
  const stereo = [speech(16000, -20, 1), speech(16000, -30, 2)]
  test.each([
    ['an Int16Array', pcm16, (bytes: ArrayBuffer): Samples => new Int16Array(bytes)],
    ['a Float32Array', float32, (bytes: ArrayBuffer): Samples => new Float32Array(bytes)],
  ])('%s gets what its file gets', async (_, format, samplesOf) => {
    const folder = temporaryFolder()
    const file = path.join(folder, 'a.wav')
    const bytes = fileOf(format, 16000, ...stereo)
    writeFileSync(file, bytes)
    const [result] = await resultsOf([file], path.join(folder, 'out'))
    const written = readFileSync(result.output as string)
    let figures: SampleFigures | undefined
    const onFigures = (found: SampleFigures) => {
      figures = found
    }
    const samples = samplesOf(Uint8Array.from(bytes.subarray(HEADER_BYTES)).buffer)
    const inMemory = { ...active, key: 'a.wav', onFigures }
    const noisy = await addNoise(samples, { ...inMemory, channels: 2, sampleRate: 16000 })
    const { activeLevel, activity, sigma, snr } = result
    expect(figures).toMatchObject({ activeLevel, activity, sigma, snr })
    expect(Buffer.from(noisy.buffer).equals(written.subarray(HEADER_BYTES))).toBe(true)
    const whole = await addNoiseToWav(bytes, inMemory)
    expect(figures).toMatchObject({ activeLevel, activity, sigma, snr })
    expect(written.equals(whole)).toBe(true)
  })

  test('a sample rate is needed, because the time constants are in seconds', async () => {
    const refused = { code: 'E_OPTION_INVALID', option: 'sampleRate' }
    await expect(addNoise(new Int16Array(100), active)).rejects.toMatchObject(refused)
    await expect(addNoise(new Int16Array(100), { ...active, sampleRate: 0 })).rejects.toMatchObject(refused)
    const { snrReference: _, ...rms } = active
    await expect(addNoise(new Int16Array(100), rms)).resolves.toHaveLength(100)
  })
})
