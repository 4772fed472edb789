/**
 * Long files are divided into parts that threads share, with the same bytes and figures as from one thread without
 * parts.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { EtlFigures, EtlOutcome } from '../../dist-lib/core/etl.js'
import { amplitudeOf } from '../../dist-lib/plan/levels.js'
import { describeNative } from '../support/backends.js'
import { filesBelow, isTemporary, temporaryFolder } from '../support/folders.js'
import { type JobSettings, jobFor, nativeOf, type RunJobs, runTypeScript, twins, workersOf } from '../support/jobs.js'
import { chunk, formats, type WavParts, wav } from '../support/wav.js'

const MIB = 2 ** 20

/** One thread, two (both libuv's), and five: then some are the crew's own. Of worker threads, two and four. */
const others = [
  ...[1, 2, 5].map((size): [string, RunJobs] => [`${size} threads`, nativeOf(size)]),
  ...[2, 4].map((size): [string, RunJobs] => [`${size} workers`, workersOf(size)]),
  ...twins.filter(([name]) => name === 'wasm'),
]

const withoutTime = (outcome: EtlOutcome) =>
  'figures' in outcome ? { figures: { ...outcome.figures, seconds: null } } : outcome

/** Runs a file through TypeScript and all others, and compares bytes and figures. Returns what all agree on. */
async function compare(input: Uint8Array, settings: JobSettings): Promise<{ figures: EtlFigures; output: Buffer }> {
  const folder = temporaryFolder()
  writeFileSync(path.join(folder, 'a.wav'), input)
  const job = jobFor(folder, 'a', 'ts', settings)
  const [expected] = await runTypeScript([job])
  if ('failure' in expected) throw new Error(`${expected.failure.code} ${expected.failure.detail}`)
  const output = readFileSync(job.output as string)
  for (const [name, run] of others) {
    const twin = jobFor(folder, 'a', name, settings)
    const [outcome] = await run([twin])
    expect(withoutTime(outcome), name).toEqual(withoutTime(expected))
    // Not by toEqual: whole files would take minutes to print.
    expect(readFileSync(twin.output as string).equals(output), `the bytes of ${name}`).toBe(true)
  }
  expect(filesBelow(folder).filter(isTemporary)).toEqual([])
  return { figures: expected.figures, output }
}

type Format = (typeof formats)[number]
const [pcm8, pcm16, pcm24, pcm32, float32, float64] = formats

const random = Uint32Array.from(
  { length: 4.5 * MIB },
  (_, i) => Math.imul(i + 7, 0x9e3779b1) ^ Math.imul(i, 0x85ebca77),
)

/** Samples over the whole range: any bits for PCM, [-1.5, 1.5) for floats. */
function samples({ name, bits }: Format, count: number): Uint8Array {
  const value = (word: number) => (word / 2 ** 32 - 0.5) * 3
  if (name === 'float32') return new Uint8Array(Float32Array.from(random.subarray(0, count), value).buffer)
  if (name === 'float64') return new Uint8Array(Float64Array.from(random.subarray(0, count), value).buffer)
  return new Uint8Array(random.buffer, 0, (count * bits) / 8)
}

const fileOf = (format: Format, channels: number, frames: number, parts: WavParts = {}) =>
  wav({ ...format, channels, data: samples(format, channels * frames), ...parts })

const sigma: JobSettings = { level: 0.1 }
const unclipped: JobSettings = { level: 0.5, clip: false }
const copy: JobSettings = { level: 0 }
const snr: JobSettings = { levelKind: 'snr', level: amplitudeOf(-10) }

describeNative('a long file is the same from any number of threads', () => {
  // Parts of 4 MiB, in whole blocks of 4096 frames.
  const part = (4 * MIB) / 2
  test.each([
    ['one frame less than a part', part - 1, sigma],
    ['a part', part, snr],
    ['one frame more than a part', part + 1, sigma],
    ['one frame more than a part, measured first', part + 1, snr],
    ['a part and a block', part + 4096, copy],
    ['two parts and an odd rest, not clipped', 2 * part + 4095, unclipped],
  ] as const)('mono pcm16: %s', async (_, frames, settings) => {
    const { figures } = await compare(fileOf(pcm16, 1, frames), settings)
    expect(figures.frames).toBe(frames)
  })

  // 68 blocks of 5 x 3 x 4096 bytes are the most that go into 4 MiB.
  test.each([
    ['one frame less than a part', 68 * 4096 - 1, snr],
    ['a part', 68 * 4096, sigma],
    ['one frame more', 68 * 4096 + 1, sigma],
    ['two parts and a rest', 2 * 68 * 4096 + 33, snr],
  ] as const)('pcm24 of 5 channels: %s', async (_, frames, settings) => {
    await compare(fileOf(pcm24, 5, frames), settings)
  })

  // A block alone is 4 and 16 MiB: it is the part.
  test.each([
    [pcm8, 4096 + 1, sigma],
    [float32, 4096 + 31, snr],
  ] as const)('1024 channels of $name', async (format, frames, settings) => {
    await compare(fileOf(format, 1024, frames), settings)
  })

  // Up to 16 MiB a file is held between measuring and writing.
  test.each([-8, 0, 8])('a file of 16 MiB and %d bytes, measured first', async (more) => {
    const before = [chunk('junk', new Uint8Array(4))]
    const header = wav({ ...float64, before }).length
    const input = fileOf(float64, 1, (16 * MIB + more - header) / 8, { before })
    expect(input.length).toBe(16 * MIB + more)
    const { figures, output } = await compare(input, snr)
    expect(10 * Math.log10(figures.signalEnergy / figures.noiseEnergy)).toBeCloseTo(10, 0)
    expect(output.equals(input)).toBe(false)
  })

  test.each([
    [float32, 2],
    [float64, 1],
  ] as const)('$name with NaN, infinities and -0 in every part', async (format, channels) => {
    const bytes = format.bits / 8
    const data = Buffer.from(samples(format, (9 * MIB) / bytes))
    // Odd ones come to lie in all accumulators, at the borders of parts among them.
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, -0, Number.NEGATIVE_INFINITY]
    for (let at = 0, i = 0; at + bytes <= data.length; at += 4097 * bytes, i++) {
      const value = odd[i % odd.length]
      bytes === 4 ? data.writeFloatLE(value, at) : data.writeDoubleLE(value, at)
    }
    for (const at of [4 * MIB - bytes, 4 * MIB, 8 * MIB])
      bytes === 4 ? data.writeFloatLE(Number.NaN, at) : data.writeDoubleLE(Number.NaN, at)
    for (const settings of [sigma, { ...snr, clip: false }]) {
      const { figures } = await compare(wav({ ...format, channels, data }), settings)
      expect(figures.warnings).toEqual(['W_NON_FINITE'])
    }
  })

  test.each([
    [pcm16, 2],
    [pcm24, 1],
    [float64, 3],
  ] as const)('big-endian $name', async (format, channels) => {
    for (const settings of [sigma, snr])
      await compare(wav({ ...format, channels, container: 'RIFX', data: samples(format, (9 * MIB) / 8) }), settings)
  })

  test('coded samples, of which parts begin within blocks', async () => {
    // Blocks of 505 frames. In the header of each, an index of at most 88.
    const data = Buffer.from(random.buffer.slice(0, 6000 * 256))
    for (let at = 0; at < data.length; at += 256) data[at + 2] %= 89
    const adpcm = wav({ tag: 0x11, bits: 4, blockAlign: 256, byteRate: 8110, fields: [505], data })
    const law = wav({ tag: 7, bits: 8, channels: 2, data: new Uint8Array(random.buffer, 0, 5 * MIB) })
    for (const input of [adpcm, law])
      for (const settings of [sigma, snr]) {
        const { figures } = await compare(input, settings)
        expect(figures.bytesOut).toBeGreaterThan(5 * MIB)
      }
  })

  // 16 KiB is what goes with the data in one read, 256 KiB what a read aims at, 4 MiB a part.
  test.each([
    [17 * 1024, 100],
    [300 * 1024 + 1, 300 * 1024 + 1],
    [100, 17 * 1024],
    [5 * MIB, 5 * MIB],
  ])('chunks of %d bytes before the data, and of %d after them', async (head, tail) => {
    const [before, after] = [head, tail].map((length) => [
      chunk('LIST', new Uint8Array([1])),
      chunk('junk', new Uint8Array(random.buffer, 64, length)),
    ])
    const input = fileOf(pcm16, 2, (5 * MIB) / 4 + 3, { before, after })
    const { output } = await compare(input, sigma)
    const end = 8 + 2 + 8 + tail + (tail % 2)
    expect(output.subarray(-end).equals(input.subarray(-end))).toBe(true)
    expect(output.subarray(0, head).equals(input.subarray(0, head))).toBe(true)
  })

  const frames = Math.ceil((4 * MIB) / 6) + 5
  const data = samples(pcm24, 2 * frames)
  test.each([
    ['claim too much', { data, dataSize: data.length + 1000 }, ['W_DATA_CUT_SHORT']],
    ['are those of a stream', { data, dataSize: 0xffffffff, riffSize: 0xffffffff }, ['W_SIZE_UNKNOWN']],
    [
      'claim too much of data that end in the middle of a frame',
      { data: data.subarray(0, -2), dataSize: 0x7ffff000 },
      ['W_SIZE_UNKNOWN', 'W_PARTIAL_FRAME'],
    ],
    ['leave a partial frame', { data: data.subarray(0, -4) }, ['W_PARTIAL_FRAME']],
    ['claim too little', { data, dataSize: 4 * MIB }, ['W_PARTIAL_FRAME', 'W_TRAILING_BYTES']],
  ] as const)('sizes that %s', async (_, parts, warnings) => {
    for (const settings of [sigma, snr]) {
      const { figures } = await compare(wav({ ...pcm24, channels: 2, ...parts }), settings)
      expect(figures.warnings).toEqual(warnings)
    }
  })

  test('a partial frame behind whole parts', async () => {
    // 7 bytes of a frame of 8: it is not to be taken for a part of its own.
    const data = samples(pcm32, MIB + 2).subarray(0, 4 * MIB + 7)
    const { figures } = await compare(wav({ ...pcm32, channels: 2, data }), snr)
    expect(figures).toMatchObject({ frames: MIB / 2, warnings: ['W_PARTIAL_FRAME'] })
  })

  test('silence, and no frames at all before a long tail', async () => {
    const silence = wav({ ...pcm16, data: new Uint8Array(9 * MIB) })
    const { figures, output } = await compare(silence, snr)
    expect(figures).toMatchObject({ sigma: 0, warnings: ['W_SILENT'] })
    expect(output.equals(silence)).toBe(true)
    const empty = wav({ ...pcm16, after: [chunk('junk', new Uint8Array(random.buffer, 0, 5 * MIB))] })
    expect((await compare(empty, sigma)).output.equals(empty)).toBe(true)
  })

  test('many at once, longer and shorter than a part, whatever the threads make of them', async () => {
    const folder = temporaryFolder()
    const lengths = [9 * MIB, 100, 4 * MIB + 2, 0, 6 * MIB, 70_000, 17 * MIB]
    lengths.forEach((length, i) => {
      writeFileSync(path.join(folder, `${i}.wav`), wav({ data: new Uint8Array(random.buffer, 0, length) }))
    })
    const jobs = (tag: string) =>
      lengths.map((_, i) => jobFor(folder, `${i}`, tag, { ...(i % 2 === 0 ? snr : sigma), key: { low: i, high: 1 } }))
    const expected = jobs('one')
    const outcomes = (await nativeOf(1)(expected)).map(withoutTime)
    const crews = [2, 3, 5, 8].map((size): [string, RunJobs] => [`${size} threads`, nativeOf(size)])
    const workers = [1, 3].map((size): [string, RunJobs] => [`${size} workers`, workersOf(size)])
    for (const [name, run] of [...crews, ...workers]) {
      const others = jobs(name)
      expect((await run(others)).map(withoutTime), name).toEqual(outcomes)
      others.forEach(({ output }, i) => {
        const same = readFileSync(output as string).equals(readFileSync(expected[i].output as string))
        expect(same, `${name}, file ${i}`).toBe(true)
      })
    }
  })

  test('one that takes its turn behind another does not count the wait as its own', async () => {
    const folder = temporaryFolder()
    const jobs = [0, 1, 2, 3, 4, 5].map((number) => jobFor(folder, `${number}`, 'out', sigma))
    const bytes = fileOf(pcm16, 1, 4 * MIB)
    for (const { input } of jobs) writeFileSync(input as string, bytes)
    const started = performance.now()
    const outcomes = await nativeOf(1)(jobs)
    const passed = (performance.now() - started) / 1000
    const seconds = outcomes.map((outcome) => ('figures' in outcome ? outcome.figures.seconds : Number.NaN))
    // One after the other on one thread, they cannot have taken longer than all of it.
    expect(seconds.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(passed)
  })
})
