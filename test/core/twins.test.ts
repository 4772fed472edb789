/** Both halves of core give the same bytes, figures and messages, for all conditions in which their loops differ. */

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EtlJob, EtlOutcome } from '../../dist-lib/core/etl.js'
import type { NoiseParameter } from '../../dist-lib/core/noise/kind.js'
import { noiseKinds } from '../../dist-lib/core/noise/kinds.js'
import { amplitudeOf } from '../../dist-lib/plan/levels.js'
import { filesBelow, isTemporary, temporaryFolder } from '../support/folders.js'
import { type JobSettings, jobFor, runTypeScript, twins } from '../support/jobs.js'
import { posixTest } from '../support/systems.js'
import { chunk, formats, wav } from '../support/wav.js'

type Format = (typeof formats)[number]

interface Case {
  readonly title: string
  readonly input: Uint8Array
  readonly settings: JobSettings
}

/** Words of no pattern from a counter; they fill sample data of any format. */
function words(count: number, start: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => Math.imul(i + start, 0x9e3779b1) ^ Math.imul(i, 0x85ebca77))
}

/** Samples over the whole range: any bits for PCM, [-1.5, 1.5) for floats. */
function noisyData({ name, bits }: Format, count: number): Uint8Array {
  const random = words(Math.ceil((count * bits) / 32), 99)
  if (name === 'float32') return new Uint8Array(Float32Array.from(random, (word) => (word / 2 ** 32 - 0.5) * 3).buffer)
  if (name === 'float64')
    return new Uint8Array(Float64Array.from(words(count, 99), (word) => (word / 2 ** 32 - 0.5) * 3).buffer)
  return new Uint8Array(random.buffer, 0, (count * bits) / 8)
}

const fileOf = (format: Format, channels: number, data: Uint8Array) =>
  wav({ tag: format.tag, bits: format.bits, channels, data })

const sigma = (level: number, clip = true): JobSettings => ({ level, clip })
const snr = (decibels: number, clip = true): JobSettings => ({ levelKind: 'snr', level: amplitudeOf(-decibels), clip })

/** Values of a kind's parameters: the last is `low`, the others have their defaults. */
const at = (parameters: readonly NoiseParameter[], low: number) =>
  Float64Array.from(parameters, ({ name, default: preset }) => (name === 'low' ? low : preset))

const withoutTime = (outcome: EtlOutcome) =>
  'figures' in outcome ? { figures: { ...outcome.figures, seconds: null } } : outcome

/**
 * Runs every case through TypeScript and all its twins, and compares all that can be seen of them. Returns the
 * outcomes.
 */
async function compare(
  cases: readonly Case[],
  mayFail = false,
  prepare: (file: string, index: number) => void = () => {},
): Promise<EtlOutcome[]> {
  const folder = temporaryFolder()
  const jobsOf = (tag: string) => cases.map(({ settings }, i) => jobFor(folder, `${i}`, tag, settings))
  cases.forEach(({ input }, i) => {
    writeFileSync(path.join(folder, `${i}.wav`), input)
    prepare(path.join(folder, `${i}.wav`), i)
  })
  const jobs = jobsOf('ts')
  const typeScript = await runTypeScript(jobs)
  const outputs = jobs.map(outputOf)
  cases.forEach(({ title, input }, i) => {
    if (!mayFail) expect(typeScript[i], title).toHaveProperty('figures')
    expect(outputs[i] === undefined, title).toBe('failure' in typeScript[i])
    if ('figures' in typeScript[i]) expect(outputs[i]?.length, title).toBe(input.length)
  })
  for (const [name, run] of twins) {
    const twinJobs = jobsOf(name)
    const outcomes = await run(twinJobs)
    cases.forEach(({ title }, i) => {
      expect(withoutTime(outcomes[i]), `${title}, ${name}`).toEqual(withoutTime(typeScript[i]))
      expect(differences(outputs[i], outputOf(twinJobs[i])), `${title}, ${name}`).toEqual([])
    })
  }
  expect(filesBelow(folder).filter(isTemporary)).toEqual([])
  return typeScript
}

const outputOf = ({ output }: EtlJob) => (existsSync(output as string) ? readFileSync(output as string) : undefined)

/** The first few bytes at which two files differ; whole files in an assertion would take minutes to print. */
function differences(a: Buffer | undefined, b: Buffer | undefined): string[] {
  if (a === undefined || b === undefined) return a === b ? [] : ['one of them is missing']
  if (a.equals(b)) return []
  const found: string[] = []
  for (let at = 0; at < Math.max(a.length, b.length) && found.length < 4; at++)
    if (a[at] !== b[at]) found.push(`byte ${at}: ${a[at]} and ${b[at]}`)
  return found
}

describe.skipIf(twins.length === 0)('both halves agree (needs the addon or the WebAssembly kernels)', () => {
  test.each(formats)('on $name at every edge of lanes, blocks and slices', async (format) => {
    const edges = [
      0,
      1,
      31,
      32, // one step of all lanes, and a slice of 1024 channels
      33,
      4095,
      4096, // one noise block, and a slice of up to 4 channels
      4097,
      8193,
    ]
    // 5 and 8: slices of half a block. 3 and 5: samples of a frame that straddle the 16 accumulators.
    const cases = [1, 2, 3, 5, 8].flatMap((channels) =>
      edges.map((frames) => ({ channels, frames, settings: sigma(0.1) })),
    )
    // 1024 channels: only where it is quick.
    for (const frames of [0, 1, 31, 32, 33, 129]) cases.push({ channels: 1024, frames, settings: sigma(0.1) })
    await compare(
      cases.map(({ channels, frames, settings }) => ({
        title: `${channels} channels, ${frames} frames`,
        input: fileOf(format, channels, noisyData(format, channels * frames)),
        settings,
      })),
    )
  })

  // Tiny: below a rounding. 16, -100 dB: nearly all is clipped. 200 dB: noise that float32 can hardly hold. 0: the
  // copy.
  const levels: [string, (clip: boolean) => JobSettings][] = [
    ['sigma 0', (clip) => sigma(0, clip)],
    ['sigma 1e-12', (clip) => sigma(1e-12, clip)],
    ['sigma 1e-46, which is 0 as a float32', (clip) => sigma(1e-46, clip)],
    ['sigma 0.1', (clip) => sigma(0.1, clip)],
    ['sigma 16', (clip) => sigma(16, clip)],
    ['snr -100', (clip) => snr(-100, clip)],
    ['snr 10', (clip) => snr(10, clip)],
    ['snr 200', (clip) => snr(200, clip)],
  ]
  test.each(formats)('on $name at every level, clipped or not', async (format) => {
    const input = fileOf(format, 2, noisyData(format, 2 * 4097))
    await compare(
      levels.flatMap(([title, settings]) =>
        [true, false].map((clip) => ({ title: `${title}, clip ${clip}`, input, settings: settings(clip) })),
      ),
    )
  })

  test.each(noiseKinds)('on noise of the kind $name, at every edge of blocks', async ({ name, parameters }) => {
    const defaults = Float64Array.from(parameters, (parameter) => parameter.default)
    // Blocks of 16,384 frames with the last rate.
    const cases = [1, 3].flatMap((channels) =>
      [1, 33, 4097, 16_384, 32_801].flatMap((frames) =>
        [44_100, 500_000].map((sampleRate) => ({
          title: `${channels} channels, ${frames} frames, ${sampleRate} Hz`,
          input: wav({ ...formats[4], channels, sampleRate, data: noisyData(formats[4], channels * frames) }),
          settings: { ...sigma(0.1), kind: name, parameters: sampleRate > 44_100 ? at(parameters, 125_000) : defaults },
        })),
      ),
    )
    cases.push({
      title: '1024 channels',
      input: wav({ ...formats[4], channels: 1024, sampleRate: 500_000, data: noisyData(formats[4], 1024 * 33) }),
      settings: { ...snr(10), kind: name, parameters: at(parameters, 125_000) },
    })
    await compare(cases)
  })

  // The ends of its range, and numbers beyond them.
  const lows = [
    [1, 0.001, true],
    [1, 0.25, true],
    [1, 20, false],
    [8000, 0.159, false],
    [8000, 0.16, true],
    [8000, 2000, true],
    [8000, 2001, false],
    [2 ** 32 - 1, 20, false],
    [2 ** 32 - 1, 85_899.35, true],
    [2 ** 32 - 1, 1e6, true],
  ] as const
  const colors = noiseKinds.filter((kind) => kind.needsSampleRate)
  test.each(colors)('on where noise of the kind $name is possible', async ({ name, parameters }) => {
    const cases = lows.map(([sampleRate, low]) => ({
      title: `${low} at ${sampleRate} Hz`,
      input: wav({ ...formats[1], sampleRate, data: noisyData(formats[1], 100) }),
      settings: { ...sigma(0.1), kind: name, parameters: at(parameters, low) },
    }))
    const outcomes = await compare(cases, true)
    const failed = outcomes.map((outcome) => 'failure' in outcome && outcome.failure.code)
    expect(failed).toEqual(lows.map(([, , isPossible]) => !isPossible && 'E_NOISE_LOW'))
  })

  test('on noise of every slope', async () => {
    const slopes = [-12, -6.03, -6.02, -3, -1e-9, -0, 0, 1e-300, 1, 6.0205999, 6.0206, 9, 12]
    const input = wav({ ...formats[4], data: noisyData(formats[4], 5000) })
    await compare(
      slopes.map((slope) => ({
        title: `${slope} dB an octave`,
        input,
        settings: { ...sigma(0.1), kind: 'color', parameters: Float64Array.of(slope, 100) },
      })),
    )
  })

  test('on ties of 24-bit samples, which half of the samples near full scale are', async () => {
    // From half of full scale on, a float32 has one bit more than the format: each second sum lies between two steps.
    const format = formats[2]
    const data = Buffer.alloc(8192 * 3)
    for (let i = 0; i < 8192; i++) data.writeIntLE((i % 2 === 0 ? 1 : -1) * (0x5fffff + i), i * 3, 3)
    await compare(
      [1e-8, 6e-8, 1.2e-7, 1e-3].map((level) => ({
        title: `${level}`,
        input: fileOf(format, 1, data),
        settings: sigma(level),
      })),
    )
  })

  test('on samples with fewer valid bits than their container, and with their high byte first', async () => {
    const pcm = formats.slice(0, 4).flatMap((format) =>
      [format.bits - 1, format.bits - 4, 1].map((valid) => {
        const data = noisyData(format, 3 * 8193)
        return {
          title: `${valid} bits in ${format.name}`,
          input: wav({ bits: format.bits, channels: 3, data, extensible: true, validBits: valid }),
        }
      }),
    )
    const turned = formats.map((format) => ({
      title: `${format.name} in RIFX`,
      input: wav({ ...format, container: 'RIFX', channels: 3, data: noisyData(format, 3 * 8193) }),
    }))
    const inputs = [...pcm, ...turned]
    // Any bits with their high byte first are floats of any size, infinite and NaN too.
    await compare(inputs.flatMap((one) => [sigma(0.1), sigma(0, false)].map((settings) => ({ ...one, settings }))))
    await compare(pcm.map((one) => ({ ...one, settings: snr(10) })))
  })

  const floats = formats.slice(4)
  test.each(floats)('on $name with NaN, infinities, -0, denormals and huge values, bit for bit', async (format) => {
    const wide = format.bits === 64
    const odd = [
      ...(wide
        ? [0x7ff8000000000001n, 0x7ff4000000000123n, 0xfff4000000000abcn, 0x7ff0000000000000n, 0xfff0000000000000n]
        : [0x7fc00001n, 0x7fa00123n, 0xffa00abcn, 0x7f800000n, 0xff800000n]),
      ...(wide
        ? [1n, 0x8000000000000001n, 0x000fffffffffffffn, 0x8000000000000000n, 0n]
        : [1n, 0x80000001n, 0x007fffffn, 0x80000000n, 0n]),
    ]
    const large = wide ? [1e30, -1e150, 3e38, 2.5] : [1e15, -1e18, 3e18, 2.5]
    const bytes = wide ? 8 : 4
    const count = 3 * 4097
    const data = Buffer.from(noisyData(format, count))
    const view = new DataView(data.buffer, data.byteOffset)
    // At every 7th sample, so that odd ones come to lie in all 16 accumulators and in all channels.
    for (let i = 0, at = 0; at + bytes <= data.length; i++, at += 7 * bytes) {
      const value = large[i % large.length]
      if (i % 3 === 0) wide ? view.setFloat64(at, value, true) : view.setFloat32(at, value, true)
      else if (wide) view.setBigUint64(at, odd[i % odd.length], true)
      else view.setUint32(at, Number(odd[i % odd.length]), true)
    }
    const input = fileOf(format, 3, data)
    const outcomes = await compare(
      levels.flatMap(([title, settings]) =>
        [true, false].map((clip) => ({ title: `${title}, clip ${clip}`, input, settings: settings(clip) })),
      ),
    )
    for (const outcome of outcomes) expect(outcome).toMatchObject({ figures: { warnings: ['W_NON_FINITE'] } })
  })

  test.each(floats)('on $name without any finite sample, and on $name whose power is infinite', async (format) => {
    const all = (value: number) => {
      const values = new Array(1000).fill(value)
      return new Uint8Array((format.bits === 64 ? Float64Array : Float32Array).from(values).buffer)
    }
    const inputs: [string, number][] = [
      ['NaN', Number.NaN],
      ['infinities', Number.NEGATIVE_INFINITY],
      ['1e30', 1e30],
      ['3e38', 3e38], // noise of that power goes beyond float32
      ['1e300', 1e300], // infinite as a float32
      ['zeros', 0],
      ['negative zeros', -0],
      ['the least number', 5e-324], // zero as a float32
    ]
    const settings = [sigma(0.1), sigma(0.1, false), snr(10), snr(0, false), snr(-100), snr(200)]
    const cases = inputs.flatMap(([title, value]) => {
      const input = fileOf(format, 1, all(value))
      return settings.map((chosen, i) => ({ title: `${title}, settings ${i}`, input, settings: chosen }))
    })
    const outcomes = await compare(cases, true)
    // The squares of 1e300 are beyond float64: each of the four SNR refuses them. 3e38 at -100 dB is beyond float32.
    const failures = outcomes.flatMap((outcome) => ('failure' in outcome ? [outcome.failure.code] : []))
    expect(failures).toEqual(format.bits === 64 ? new Array(4).fill('E_SIGNAL_POWER') : ['E_SIGNAL_POWER'])
  })

  test('on when the input was modified', async () => {
    const seconds = [0.5, 1, 1_700_000_000.25, 4_102_444_800]
    const input = fileOf(formats[0], 1, new Uint8Array(1))
    const cases = seconds.map((time) => ({ title: `${time}`, input, settings: sigma(0) }))
    const outcomes = await compare(cases, false, (file, i) => utimesSync(file, seconds[i], seconds[i]))
    const modified = outcomes.map((outcome) => 'figures' in outcome && outcome.figures.modified)
    expect(modified).toEqual(seconds.map((time) => time * 1e6))
  })

  posixTest('to the microsecond, before 1970 too (needs touch)', async () => {
    // Seconds with nanoseconds, as `touch` has them, and microseconds rounded down.
    const times: [string, number][] = [
      ['0', 0],
      ['1.000000999', 1_000_000],
      ['1700000000.123456789', 1_700_000_000_123_456],
      ['4102444800', 4_102_444_800_000_000],
      ['-1', -1_000_000],
      ['-0.5', -500_000],
      ['-1.000000001', -1_000_001],
    ]
    const input = fileOf(formats[0], 1, new Uint8Array(1))
    const cases = times.map(([title]) => ({ title, input, settings: sigma(0) }))
    const outcomes = await compare(cases, false, (file, i) => {
      execFileSync('touch', ['-d', `@${times[i][0]}`, file])
    })
    const modified = outcomes.map((outcome) => 'figures' in outcome && outcome.figures.modified)
    expect(modified).toEqual(times.map(([, microseconds]) => microseconds))
  })

  test('on chunks before and after the data, longer than a read, and on odd lengths', async () => {
    // 262,144 bytes is what one read aims at.
    const long = chunk('junk', new Uint8Array(words(70_001, 3).buffer))
    const odd = chunk('LIST', new Uint8Array([1, 2, 3]))
    const cases = formats.map((format) => ({
      title: format.name,
      input: wav({
        ...format,
        channels: 3,
        data: noisyData(format, 3 * 40_001),
        before: [odd, long],
        after: [odd, long],
      }),
      settings: sigma(0.1),
    }))
    await compare(cases)
  })
})
