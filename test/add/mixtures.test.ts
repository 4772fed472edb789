/**
 * Levels of noise and of mixtures, measured by NumPy from clean and noisy files (ruler.py), and what happens at full
 * scale and to silence.
 */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { type AddNoiseOptions, addNoise, addNoiseToFiles, addNoiseToWav, type FileResult } from '../../dist/index.js'
import { noiseKinds } from '../../dist-lib/core/noise/kinds.js'
import { describeBackends, present } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { hashesBelow, sharedFolder, temporaryFolder } from '../support/folders.js'
import { jsonOf, noisemill } from '../support/programs.js'
import { Random } from '../support/random.js'
import { hasModule, outputOf, python } from '../support/readers.js'
import { formats, HEADER_BYTES, sine, wav } from '../support/wav.js'

interface Ruled {
  readonly snr: number | null
  readonly noiseRms: number
  readonly rms: number
  readonly peak: number
}

const ruler = fileURLToPath(new URL('ruler.py', import.meta.url))
const hasScipy = hasModule('scipy')

/** Measures outputs of a run. */
function rule(results: readonly FileResult[]): Ruled[] {
  const lines = results.map(({ input, output, gain }) => `${input}\t${output}\t${gain}\n`)
  return outputOf(python, [ruler], lines.join(''))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

type Options = Omit<AddNoiseOptions, 'out'>

async function add(input: string, options: Options): Promise<FileResult[]> {
  const results: FileResult[] = []
  for await (const result of addNoiseToFiles(input, { out: temporaryFolder(), seed: 1, ...options })) {
    expect(result.error).toBeUndefined()
    results.push(result)
  }
  return results
}

const [, pcm16, , , float32] = formats
const FILES = 1000
const many = sharedFolder()
const loud = sharedFolder()
const silent = sharedFolder()

const recordings = sharedFolder()
const RECORDINGS = 40

/** Frames of a noise file, by its number: from a few to more than any signal has. */
const lengthOfRecording = (number: number) => 150 + number * 600

beforeAll(() => {
  const random = new Random(15)
  const lengths = [200, 1000, 4096, 4097, 16_000]
  writeFiles(
    many,
    Object.fromEntries(
      Array.from({ length: FILES }, (_, i) => {
        const channels = 1 + (i % 2)
        const amplitude = 10 ** (-0.05 - 1.5 * (random.below(1000) / 1000))
        const data = sine(float32, random.pick(lengths), channels, amplitude)
        return [`${i}.wav`, wav({ ...float32, channels, sampleRate: 16_000, data })]
      }),
    ),
  )
  const recordingOf = (number: number) => {
    const channels = number % 3 === 0 ? 2 : 1
    const gain = 10 ** (-random.below(40) / 20)
    const values = Float32Array.from(
      { length: lengthOfRecording(number) * channels },
      () => gain * (random.below(2000) / 1000 - 1),
    )
    return wav({ ...float32, channels, sampleRate: 16_000, data: Buffer.from(values.buffer) })
  }
  writeFiles(
    recordings,
    Object.fromEntries(Array.from({ length: RECORDINGS }, (_, number) => [`${number}.wav`, recordingOf(number)])),
  )
  const tones = { sampleRate: 16_000, channels: 2 }
  writeFiles(loud, {
    'pcm16.wav': wav({ ...tones, data: sine(pcm16, 20_000, 2, 0.9) }),
    'float32.wav': wav({ ...tones, ...float32, data: sine(float32, 20_000, 2, 0.9) }),
    'soft.wav': wav({ ...tones, ...float32, data: sine(float32, 20_000, 2, 0.01) }),
    // Several parts, for several threads.
    'long.wav': wav({ ...tones, ...float32, data: sine(float32, 1_100_000, 2, 0.9) }),
  })
  writeFiles(silent, {
    'none.wav': wav({ data: new Uint8Array(2000) }),
    'tone.wav': wav({ data: sine(pcm16, 1000) }),
  })
})

const withScipy = describe.skipIf(!hasScipy)

withScipy('the SNR of a thousand files (needs SciPy)', () => {
  test('of gaussian noise is that of its nominal deviation', async () => {
    const results = await add(many, { snr: [-5, 30], clip: false })
    const ruled = rule(results)
    for (const [i, { drawn, frames, channels, snr }] of results.entries()) {
      expect(ruled[i].snr! - snr!).toBeCloseTo(0, 4)
      // Five standard errors.
      const allowed = 5 * 4.34 * Math.sqrt(2 / (frames! * channels!))
      expect(Math.abs(ruled[i].snr! - drawn.snr!)).toBeLessThan(allowed)
    }
  })

  test('is exact with exactSnr, before anything is clipped', async () => {
    const results = await add(many, { snr: [-5, 30], exactSnr: true, clip: false })
    const ruled = rule(results)
    const off = results.map(({ drawn }, i) => Math.abs(ruled[i].snr! - drawn.snr!))
    expect(Math.max(...off)).toBeLessThan(0.001)
    expect(results.flatMap(({ warnings }) => warnings)).toEqual([])
  })

  test.each(noiseKinds.filter(({ isNominal }) => !isNominal))('of $name noise is exact', async ({ name }) => {
    const results = await add(many, { kind: name, snr: [-5, 30], clip: false })
    const ruled = rule(results)
    const off = results.map(({ drawn }, i) => Math.abs(ruled[i].snr! - drawn.snr!))
    expect(Math.max(...off)).toBeLessThan(0.001)
  })

  test.each([
    ['recordings', {}],
    ['a babble', { voices: [3, 7] as const }],
  ])('of %s is exact', async (_, recorded) => {
    const results = await add(many, { noise: { from: recordings, ...recorded }, snr: [-5, 30], clip: false })
    const ruled = rule(results)
    const off = results.map(({ drawn }, i) => Math.abs(ruled[i].snr! - drawn.snr!))
    expect(Math.max(...off)).toBeLessThan(0.01)
    expect(results.flatMap(({ warnings }) => warnings)).toEqual([])
    expect(new Set(results.flatMap(({ layers }) => layers[0].pieces.map(({ file }) => file))).size).toBe(RECORDINGS)
  })

  test('of a recording that is heard once is that of the frames in which it is heard', async () => {
    const results = await add(many, { noise: { from: recordings, fit: 'once' }, snr: [-5, 30], clip: false })
    const ruled = rule(results)
    let partly = 0
    for (const [i, { drawn, frames, layers }] of results.entries()) {
      const [{ file, at }] = layers[0].pieces
      const heard = Math.min(frames!, lengthOfRecording(Number.parseInt(file, 10)))
      if (heard < frames!) partly++
      expect(at).toBeLessThanOrEqual(frames! - heard)
      expect(Math.abs(ruled[i].snr! - 10 * Math.log10(frames! / heard) - drawn.snr!)).toBeLessThan(0.01)
    }
    expect(partly).toBeGreaterThan(100)
  })

  test('of several layers together is what is reported', async () => {
    const layers = [
      { name: 'background', noise: { from: recordings }, snr: [5, 20] as const },
      { name: 'events', noise: { from: recordings, gap: [0.05, 0.2] as const }, snr: 10, chance: 0.7 },
      { name: 'hiss', kind: 'blue', dbfs: [-60, -40] as const },
      { name: 'hum', kind: 'brown', snr: 15, chance: 0.5 },
    ]
    const results = await add(many, { layers, clip: false })
    const ruled = rule(results)
    for (const [i, { snr, noiseRms }] of results.entries()) {
      expect(Math.abs(ruled[i].snr! - snr!)).toBeLessThan(0.01)
      expect(ruled[i].noiseRms / noiseRms!).toBeCloseTo(1, 4)
    }
  })

  test('in PCM is off by no more than rounding adds to the noise', async () => {
    const folder = temporaryFolder()
    const names = Array.from({ length: 100 }, (_, i) => `${i}.wav`)
    const file = (i: number) => wav({ sampleRate: 16_000, channels: 1 + (i % 2), data: sine(pcm16, 4000, 1 + (i % 2)) })
    writeFiles(folder, Object.fromEntries(names.map((name, i) => [name, file(i)])))
    for (const kind of ['gaussian', 'pink', 'violet']) {
      const results = await add(folder, { kind, snr: [15, 40], ...(kind === 'gaussian' && { exactSnr: true }) })
      const ruled = rule(results)
      for (const [i, { drawn, sigma, clipped }] of results.entries()) {
        // Rounding adds the power of a twelfth of a squared step, and chance.
        const added = 10 * Math.log10(1 + 2 ** -30 / 12 / sigma! ** 2)
        expect(clipped).toBe(0)
        expect(Math.abs(ruled[i].snr! - drawn.snr! + added)).toBeLessThan(0.01)
      }
    }
  })

  test('is exact too where the mixture is lowered or brought to a level', async () => {
    for (const options of [{ clip: 'scale' }, { level: { rms: [-30, -20] } }, { level: { peak: -3 } }] as const) {
      const results = await add(many, { snr: 3, exactSnr: true, ...options })
      const ruled = rule(results)
      for (const [i, { gain, drawn }] of results.entries()) {
        expect(Math.abs(ruled[i].snr! - 3)).toBeLessThan(0.001)
        if ('clip' in options) expect(ruled[i].peak).toBeLessThan(0.99 + 1e-6)
        const { rms, peak } = (drawn.level ?? {}) as { rms?: number; peak?: number }
        if (rms !== undefined) expect(20 * Math.log10(ruled[i].rms)).toBeCloseTo(rms, 3)
        if (peak !== undefined) expect(20 * Math.log10(ruled[i].peak)).toBeCloseTo(peak, 3)
        expect(gain).toBeGreaterThan(0)
      }
    }
  })

  test('dbfs is the RMS of the noise in decibels of full scale', async () => {
    const results = await add(many, { dbfs: { values: [-40, -20] }, clip: false })
    const ruled = rule(results)
    expect(new Set(results.map(({ drawn }) => drawn.dbfs))).toEqual(new Set([-40, -20]))
    for (const [i, { drawn, sigma, frames, channels }] of results.entries()) {
      expect(20 * Math.log10(sigma!)).toBeCloseTo(drawn.dbfs!, 10)
      const allowed = 5 * 4.34 * Math.sqrt(2 / (frames! * channels!))
      expect(Math.abs(20 * Math.log10(ruled[i].noiseRms) - drawn.dbfs!)).toBeLessThan(allowed)
    }
  })
})

describeBackends('a mixture beyond full scale', (backend) => {
  test('is lowered by one gain, and only where it would be beyond the ceiling', async () => {
    const results = await add(loud, { sigma: 0.2, clip: 'scale', ceiling: 0.8, backend })
    for (const { gain, peak, clipped } of results) {
      expect(clipped).toBe(0)
      expect(gain).toBe(peak! > 0.8 ? 0.8 / peak! : 1)
      expect(peak! * gain!).toBeLessThanOrEqual(0.8 + 1e-12)
    }
    const soft = await add(loud, { sigma: 0.01, clip: 'scale', backend })
    expect(soft.find(({ output }) => output.endsWith('soft.wav'))?.gain).toBe(1)
  })

  test('without a gain has the bytes of clamping', async () => {
    const [scaled, clamped] = [temporaryFolder(), temporaryFolder()]
    const input = path.join(loud, 'soft.wav')
    await add(input, { sigma: 0.05, clip: 'scale', backend, out: scaled } as Options)
    await add(input, { sigma: 0.05, backend, out: clamped } as Options)
    expect(hashesBelow(scaled)).toEqual(hashesBelow(clamped))
  })

  test('fails with clip error, and leaves nothing', async () => {
    const out = temporaryFolder()
    const codes: string[] = []
    for await (const { error, output } of addNoiseToFiles(loud, { out, sigma: 0.15, clip: 'error', backend }))
      codes.push(`${path.basename(output)} ${error?.code}`)
    const failed = ['float32', 'long', 'pcm16'].map((name) => `${name}.wav E_CLIPPED`)
    expect(codes.sort()).toEqual([...failed, 'soft.wav undefined'])
    expect(Object.keys(hashesBelow(out))).toEqual(['soft.wav'])
  })

  test('a silent file is copied, left out or refused', async () => {
    for (const [policy, ended] of [
      ['copy', 'done W_SILENT'],
      ['skip', 'omitted W_SILENT'],
      ['error', 'failed E_SIGNAL_SILENT'],
    ] as const) {
      const out = temporaryFolder()
      const results: string[] = []
      for await (const r of addNoiseToFiles(silent, { out, snr: 10, silent: policy, backend }))
        if (r.input.endsWith('none.wav')) results.push(`${r.status} ${r.error?.code ?? r.warnings.join()}`)
      expect(results).toEqual([ended])
      expect(Object.keys(hashesBelow(out))).toEqual(policy === 'copy' ? ['none.wav', 'tone.wav'] : ['tone.wav'])
      // A second run does the same with it, and knows the output that was written.
      const again: string[] = []
      for await (const r of addNoiseToFiles(silent, { out, snr: 10, silent: policy, resume: true, backend }))
        again.push(r.status)
      expect(again.sort()).toEqual([{ copy: 'skipped', skip: 'omitted', error: 'failed' }[policy], 'skipped'].sort())
    }
  })
})

describe('figures', () => {
  test('of a dry run have no SNR, because its noise is not that of the output', async () => {
    for (const options of [
      { snr: 10, kind: 'pink' },
      { sigma: 0.03, level: { peak: -20 } },
    ] as const) {
      const results = await add(path.join(loud, 'float32.wav'), { ...options, dryRun: true })
      expect(results).toMatchObject([{ status: 'planned', snr: null, noiseRms: null, clipped: null }])
      expect(results[0].sigma).toBeGreaterThan(0)
    }
  })

  test('of an omitted output have no noise', async () => {
    const results = await add(path.join(silent, 'none.wav'), { snr: 10, kind: 'blue', silent: 'skip' })
    expect(results).toMatchObject([{ status: 'omitted', bytesOut: 0, snr: null, noiseRms: null, clipped: null }])
  })

  test('a gain that the format cannot hold is refused, by every backend and in memory', async () => {
    const tiny = Float32Array.from({ length: 20 }, (_, i) => (i === 7 ? 1e-42 : 0))
    const options = { sigma: 0, level: { peak: -1 } } as const
    await expect(addNoise(tiny, options)).rejects.toMatchObject({ code: 'E_SIGNAL_POWER' })
    const folder = temporaryFolder()
    writeFiles(folder, { 'tiny.wav': wav({ ...float32, data: Buffer.from(tiny.buffer) }) })
    for (const backend of present) {
      const out = temporaryFolder()
      for await (const { error } of addNoiseToFiles(folder, { out, ...options, backend }))
        expect(error?.code).toBe('E_SIGNAL_POWER')
    }
  })

  test('samples in memory are neither skipped nor lost', async () => {
    const samples = new Float32Array(100).fill(0.9)
    const refused = { code: 'E_OPTION_INVALID' }
    await expect(addNoise(samples, { sigma: 1, clip: 'error', inPlace: true })).rejects.toMatchObject(refused)
    await expect(addNoise(samples, { snr: 1, silent: 'skip' })).rejects.toMatchObject(refused)
    await expect(addNoise(samples, { sigma: 1, clip: 'error' })).rejects.toMatchObject({ code: 'E_CLIPPED' })
    expect(samples.every((sample) => sample === Math.fround(0.9))).toBe(true)
  })
})

describe('outputs for each SNR', () => {
  test('are named by it, and have the same noise', async () => {
    const options = { snr: { values: [0, 10, -2.5] }, snrMode: 'each' as const, copies: 2, clip: false }
    // They come as they finish.
    const results = (await add(path.join(loud, 'float32.wav'), options)).sort(
      (a, b) => a.copy - b.copy || options.snr.values.indexOf(a.drawn.snr!) - options.snr.values.indexOf(b.drawn.snr!),
    )
    const names = results.map(({ output }) => path.basename(output))
    expect(names).toEqual([1, 2].flatMap((copy) => [0, 10, -2.5].map((snr) => `float32.${copy}_snr${snr}.wav`)))
    expect(results.map(({ copy, drawn }) => [copy, drawn.snr])).toEqual(
      [1, 2].flatMap((copy) => [0, 10, -2.5].map((snr) => [copy, snr])),
    )
    const clean = floatsOf(path.join(loud, 'float32.wav'))
    const noises = results.map(({ output, sigma }) => {
      const noisy = floatsOf(output)
      return Array.from({ length: 100 }, (_, i) => (noisy[i] - clean[i]) / sigma!)
    })
    for (const [i, noise] of noises.entries()) {
      const first = noises[i < 3 ? 0 : 3]
      for (const [at, value] of noise.entries()) expect(value).toBeCloseTo(first[at], 4)
    }
    expect(noises[0][0]).not.toBeCloseTo(noises[3][0], 4)
  })

  test('clash with nothing of the same name, and are found by --resume', async () => {
    const out = temporaryFolder()
    const flags = ['--snr', '0/5', '--snr-mode', 'each', '--json']
    const first = await noisemill(['add', loud, '--out', out, ...flags])
    expect(first.code).toBe(0)
    const again = await noisemill(['add', loud, '--out', out, ...flags, '--resume'])
    expect(jsonOf(again).files.map(({ status }) => status)).toEqual(new Array(8).fill('skipped'))
    // What decides the bytes has changed.
    const other = await noisemill(['add', loud, '--out', out, '--snr', '0/5', '--resume'])
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('E_RESUME_SETTINGS')])
  })
})

const floatsOf = (file: string) => new Float32Array(Uint8Array.from(readFileSync(file).subarray(HEADER_BYTES)).buffer)

describe('dither', () => {
  test('is triangular, of one step, and independent of noise and signal', async () => {
    // Between two steps: without dither, all samples are rounded to the same.
    const frames = 100_000
    const file = wav({ ...formats[1], data: Buffer.from(new Int16Array(frames).fill(1000).buffer) })
    const written = async (dither: boolean) => {
      // Noise far below a step, so that the mixture is a constant.
      const options = { sigma: 1e-9, dither, seed: 1, key: 'a' }
      const noisy = await addNoiseToWav(file, options)
      const samples = new Int16Array(Uint8Array.from(noisy.subarray(HEADER_BYTES)).buffer)
      return Float64Array.from(samples, (sample) => sample - 1000)
    }
    expect((await written(false)).every((value) => value === 0)).toBe(true)
    const values = await written(true)
    // Rounding of a triangular value from -1 to 1: -1 and 1 have a probability of 1/8 each.
    const count = (wanted: number) => values.filter((value) => value === wanted).length
    const allowed = 5 * Math.sqrt((frames * 7) / 64)
    for (const side of [-1, 1]) expect(Math.abs(count(side) - frames / 8)).toBeLessThan(allowed)
    expect(count(-1) + count(0) + count(1)).toBe(frames)
  })

  test('leaves float formats as they are', async () => {
    const samples = new Float32Array(5000).fill(0.25)
    const plain = await addNoise(samples, { sigma: 0.1 })
    expect(await addNoise(samples, { sigma: 0.1, dither: true })).toEqual(plain)
  })
})

describe('samples in memory have the levels of files', () => {
  const all: readonly Options[] = [
    { snr: 5, exactSnr: true },
    { snr: { values: [0, 10] }, level: { rms: [-30, -20] } },
    { dbfs: -20, clip: 'scale', ceiling: 0.5 },
    { sigma: 0.3, level: { peak: -1 }, dither: true },
    { snr: 5, snrReference: 'active', clip: 'none' },
    { noise: { from: recordings }, snr: [0, 10] },
    { noise: { from: recordings, voices: 3 }, snr: 0, clip: 'scale' },
    {
      layers: [
        { noise: { from: recordings, gap: [0.05, 1] }, snr: 5 },
        { noise: { from: recordings, fit: 'once' }, snr: 0 },
        { kind: 'pink', sigma: 0.01 },
      ],
    },
  ]
  test.each(all)('%j', async (options) => {
    for (const name of ['pcm16.wav', 'float32.wav', 'long.wav']) {
      const input = path.join(loud, name)
      const [result] = await add(input, options)
      let figures: object = {}
      const noisy = await addNoiseToWav(readFileSync(input), {
        ...options,
        seed: 1,
        key: name,
        onFigures: (found) => {
          figures = found
        },
      })
      expect(Buffer.compare(noisy, readFileSync(result.output))).toBe(0)
      const { snr, gain, peak, activeLevel, activity, drawn, asked } = result
      expect(figures).toMatchObject({ snr, gain, peak, activeLevel, activity, drawn, asked })
    }
  })
})

describe('options that contradict are refused', () => {
  test.each([
    [{ sigma: 0.1, dbfs: -20 }, 'E_LEVEL_BOTH', undefined],
    [{ sigma: 0.1, snrMode: 'each' }, 'E_OPTION_INVALID', 'snrMode'],
    [{ snr: 10, snrMode: 'each' }, 'E_OPTION_INVALID', 'snrMode'],
    [{ snr: [0, 10], snrMode: 'each' }, 'E_OPTION_INVALID', 'snrMode'],
    [{ snr: { values: [] } }, 'E_OPTION_INVALID', 'snr'],
    [{ snr: { values: [5, 5] } }, 'E_OPTION_INVALID', 'snr'],
    [{ snr: { values: [5, 500] } }, 'E_OPTION_INVALID', 'snr'],
    [{ dbfs: -20, exactSnr: true }, 'E_OPTION_INVALID', 'exactSnr'],
    [{ dbfs: -20, snrReference: 'active' }, 'E_OPTION_INVALID', 'snrReference'],
    [{ dbfs: -20, silent: 'skip' }, 'E_OPTION_INVALID', 'silent'],
    [{ dbfs: 25 }, 'E_OPTION_INVALID', 'dbfs'],
    [{ sigma: 0.1, ceiling: 0.9 }, 'E_OPTION_INVALID', 'ceiling'],
    [{ sigma: 0.1, clip: 'scale', ceiling: 0 }, 'E_OPTION_INVALID', 'ceiling'],
    [{ sigma: 0.1, clip: 'scale', ceiling: Number.NaN }, 'E_OPTION_INVALID', 'ceiling'],
    [{ sigma: 0.1, clip: 'louder' }, 'E_OPTION_INVALID', 'clip'],
    [{ sigma: 0.1, level: 'loud' }, 'E_OPTION_INVALID', 'level'],
    [{ sigma: 0.1, level: { rms: -20, peak: -1 } }, 'E_OPTION_INVALID', 'level'],
    [{ sigma: 0.1, level: { rms: 1 } }, 'E_OPTION_INVALID', 'level'],
    [{ sigma: 0.1, level: { peak: [-1, -3] } }, 'E_OPTION_INVALID', 'level'],
    [{ sigma: 0.1, dither: 1 }, 'E_OPTION_INVALID', 'dither'],
  ])('%j', async (options, code, option) => {
    const results = addNoiseToFiles(loud, { out: temporaryFolder(), ...(options as Options) })
    await expect(results.next()).rejects.toMatchObject(option === undefined ? { code } : { code, option })
  })

  test('on the command line too', async () => {
    for (const [flags, words] of [
      [['--snr', '0/x'], 'A/B/C'],
      [['--snr', '5', '--level', 'rms'], 'rms:DB'],
      [['--snr', '5', '--level', 'rms:'], 'a number'],
      [['--snr', '5', '--clip', 'no'], 'scale'],
    ] as const) {
      const { code, stderr } = await noisemill(['add', loud, '--out', temporaryFolder(), ...flags])
      expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
    }
  })
})
