/**
 * docs/numerics.md is a complete specification: specification.py was written from that page alone, and makes the same
 * files.
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FileResult, type NoiseOptions, noiseTask, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { newFolder, removeFolder, temporaryFolder } from '../support/folders.js'
import { hasModule, python } from '../support/readers.js'
import { formats, turned, wav } from '../support/wav.js'

const hasNumpy = hasModule('numpy')
const program = fileURLToPath(new URL('specification.py', import.meta.url))

type Format = (typeof formats)[number]
type Options = Pick<NoiseOptions, 'sigma' | 'snr' | 'clip' | 'copies' | 'kind' | 'parameters'> & {
  readonly seed: number | string
}
type Files = Readonly<Record<string, Uint8Array>>

interface Case {
  readonly name: string
  readonly options: Options
  readonly files: Files
}

interface Specified {
  readonly output: string
  readonly sigma: number
  readonly snr: number | null
  readonly clipped: number
}

const [, pcm16, , , float32, float64] = formats

/** Samples of any values: all there are of PCM, to 1.25 times full scale in floats. The same for the same arguments. */
function samples(format: Format, frames: number, channels: number): Buffer {
  const outputLength = (frames * channels * format.bits) / 8
  const bytes = createHash('shake256', { outputLength }).update(`${format.name} ${frames} ${channels}`).digest()
  if (format === float32)
    for (let at = 0; at < outputLength; at += 4) bytes.writeFloatLE((bytes.readInt32LE(at) / 2 ** 31) * 1.25, at)
  if (format === float64)
    for (let at = 0; at < outputLength; at += 8)
      bytes.writeDoubleLE((Number(bytes.readBigInt64LE(at)) / 2 ** 63) * 1.25, at)
  return bytes
}

const nested = 'Übungen/nai\u0308ve ☂ x/' // ï in two code points: a path is not normalised

const everyFormat: Files = Object.fromEntries(
  formats.flatMap((format) =>
    // One frame; a step of a block and one; one block; two and a part. 33 frames of 8 bits end in a pad byte.
    [1, 33, 4096, 9000].flatMap((frames) =>
      [1, 3].map((channels) => [
        `${channels === 3 ? nested : ''}${format.name} ${frames}x${channels}.wav`,
        wav({ ...format, channels, data: samples(format, frames, channels) }),
      ]),
    ),
  ),
)

/**
 * By the bits of the container: plain PCM of fewer bits, and EXTENSIBLE; of any values, as in a file that was cut down
 * from more bits.
 */
const validBits: Files = Object.fromEntries(
  [
    [8, 5],
    [8, 1],
    [16, 12],
    [16, 9],
    [24, 20],
    [32, 31],
    [32, 24],
    [32, 20],
  ].flatMap(([bits, valid]) => {
    const format = formats.find((known) => known.name === `pcm${bits}`)!
    const data = samples(format, 5000, 2)
    const parts = { channels: 2, data }
    const plain = wav({ ...parts, bits: valid })
    const extensible = wav({ ...parts, bits, validBits: valid, extensible: true })
    // Those that lie in more bytes than they take are not told by plain PCM.
    const isPlain = Math.ceil(valid / 8) === bits / 8
    return [
      ...(isPlain ? [[`${valid} in ${bits}.wav`, plain]] : []),
      [`${valid} in ${bits} extensible.wav`, extensible],
    ]
  }),
)

const containers: Files = Object.fromEntries(
  formats.flatMap((format) =>
    [1, 3].flatMap((channels) => {
      const data = samples(format, 4097, channels)
      const parts = { ...format, channels, extensible: channels === 3 }
      return [
        [`${format.name}x${channels} RIFX.wav`, wav({ ...parts, container: 'RIFX', data: turned(data, format.bits) })],
        [`${format.name}x${channels} RF64.wav`, wav({ ...parts, container: 'RF64', data })],
        [`${format.name}x${channels} BW64.wav`, wav({ ...parts, container: 'BW64', data })],
      ]
    }),
  ),
)

const everyFormatShort = Object.fromEntries(Object.entries(everyFormat).filter(([key]) => key.includes(' 33x')))

/** Both float formats, of these values. */
const floats = (...values: number[]): Files => ({
  'float32.wav': wav({ ...float32, data: new Uint8Array(Float32Array.from(values).buffer) }),
  'float64.wav': wav({ ...float64, data: new Uint8Array(Float64Array.from(values).buffer) }),
})

const repeated = (count: number, ...values: number[]) => Array.from({ length: count }, () => values).flat()

/** NaNs of several bits, one of them signalling, which arithmetic or a copy through a register would change. */
const unusual = {
  'float32.wav': new Uint8Array(
    Uint32Array.of(0x7f812345, 0x3f000000, 0xffc00001, 0x7f800000, 0xff800000, 0x80000000, 0xbf200000, 1).buffer,
  ),
  'float64.wav': new Uint8Array(
    BigUint64Array.of(0x7ff0000000000123n, 0x3fe0000000000000n, 0xfff8000000000001n, 0x7ff0000000000000n, 1n << 63n)
      .buffer,
  ),
}
const withNaN: Files = {
  'float32.wav': wav({ ...float32, channels: 2, data: unusual['float32.wav'] }),
  'float64.wav': wav({ ...float64, data: unusual['float64.wav'] }),
}
const nothingFinite = floats(Number.NaN, Number.POSITIVE_INFINITY, Number.NaN)

/** Minus zero shows the sign of a value that is zero. */
const minusZero: Files = {
  'silence.wav': wav({ ...float32, data: new Uint8Array(new Float32Array(4096).fill(-0).buffer) }),
}
const silent: Files = { ...floats(...repeated(50, 0)), 'pcm16.wav': wav({ ...pcm16, data: new Uint8Array(100) }) }

/** Two blocks of coloured noise and a part, if `low` is an eighth of the sample rate or more. */
const colored: Files = {
  'mono.wav': wav({ ...float32, sampleRate: 8000, data: samples(float32, 33_000, 1) }),
  'three.wav': wav({ ...pcm16, channels: 3, sampleRate: 16_000, data: samples(pcm16, 16_500, 3) }),
  'short.wav': wav({ ...float64, sampleRate: 48_000, data: samples(float64, 33, 1) }),
}

const text = 'Zufall ✓ 😀'

const cases: readonly Case[] = [
  { name: 'sigma', options: { sigma: 0.1, seed: 1 }, files: everyFormat },
  {
    name: 'sigma, three copies, unclipped',
    options: { sigma: 0.1, seed: text, copies: 3, clip: false },
    files: everyFormat,
  },
  {
    name: 'a range of sigma, two copies',
    options: { sigma: [0.05, 0.4], seed: text, copies: 2 },
    files: everyFormat,
  },
  { name: 'an SNR', options: { snr: 10, seed: -7 }, files: everyFormat },
  { name: 'an SNR, unclipped', options: { snr: 10, seed: text, clip: false }, files: everyFormat },
  { name: 'a range of SNR, three copies', options: { snr: [-5, 20], seed: 2 ** 40, copies: 3 }, files: everyFormat },
  { name: 'fewer valid bits', options: { sigma: 0.1, seed: 1 }, files: validBits },
  { name: 'fewer valid bits, an SNR', options: { snr: 15, seed: 2 }, files: validBits },
  { name: 'RIFX, RF64 and BW64', options: { sigma: 0.1, seed: 1 }, files: containers },
  { name: 'RIFX, RF64 and BW64, an SNR, unclipped', options: { snr: 10, seed: 2, clip: false }, files: containers },
  { name: 'RIFX, RF64 and BW64 without noise', options: { sigma: 0, seed: 2 }, files: containers },
  { name: 'the lowest SNR', options: { snr: -100, seed: 1, clip: false }, files: everyFormatShort },
  { name: 'the highest SNR', options: { snr: 200, seed: 1 }, files: everyFormatShort },
  { name: 'the largest sigma', options: { sigma: 16, seed: 1 }, files: everyFormatShort },
  { name: 'values that are no numbers', options: { sigma: 0.5, seed: 1 }, files: withNaN },
  { name: 'the SNR of the values that are numbers', options: { snr: 3, seed: 1 }, files: withNaN },
  { name: 'an SNR where no value is a number', options: { snr: 10, seed: 1 }, files: nothingFinite },
  { name: 'an SNR of silence', options: { snr: 10, seed: 1 }, files: silent },
  { name: 'no noise, which clips nothing', options: { sigma: 0, seed: 1 }, files: floats(1.5, -2, -0) },
  // 1e-50 is zero as float32, but it is a sigma.
  {
    name: 'sigma that is zero in float32',
    options: { sigma: 1e-50, seed: 1 },
    files: floats(1.5, ...repeated(50, -0)),
  },
  { name: 'subnormal float32', options: { sigma: 1e-40, seed: 1 }, files: floats(...repeated(50, 1e-40, -3e-39)) },
  { name: 'subnormal float64', options: { sigma: 1e-310, seed: 1 }, files: floats(...repeated(50, 1e-310, -5e-324)) },
  { name: 'uniform noise', options: { sigma: 0.1, seed: 3, kind: 'uniform' }, files: everyFormat },
  ...['pink', 'brown', 'blue', 'violet', 'color'].map((kind) => ({
    name: `${kind} noise`,
    options: { snr: 10, seed: 4, kind, parameters: { low: 2000 } },
    files: colored,
  })),
  {
    name: 'noise of 9 dB an octave',
    options: { sigma: [0.1, 0.2], seed: 5, kind: 'color', parameters: { low: 500, slope: 9 } },
    files: colored,
  },
  // Draws of one in 33 million, found by search: u is 1 in float32, so r is minus zero; B with and without its top bit.
  { name: 'a radius of zero, turned', options: { sigma: 1, seed: 17765 }, files: minusZero },
  { name: 'a radius of zero', options: { sigma: 1, seed: 112511 }, files: minusZero },
]

const nameOf = (key: string, copy: number) => `${key}, copy ${copy}`

let folder: string
const inputs = (name: string) => path.join(folder, name)
/** By case, then by file and copy. */
const specified = new Map<string, Map<string, Specified>>()

/** Writes all inputs, and has Python write all outputs in one go. */
function specify(): void {
  const jobs = cases.flatMap(({ name, options, files }) =>
    Object.entries(files).flatMap(([key, bytes]) => {
      const input = path.join(inputs(name), key)
      mkdirSync(path.dirname(input), { recursive: true })
      writeFileSync(input, bytes)
      const { copies = 1, clip = true, ...others } = options
      return Array.from({ length: copies }, (_, index) => ({
        case: name,
        input,
        path: key,
        copy: index + 1,
        clip,
        ...others,
      }))
    }),
  )
  const withOutputs = jobs.map((job, index) => ({ ...job, output: path.join(folder, `${index}.wav`) }))
  const { status, stdout, stderr } = spawnSync(python, ['-B', program], {
    input: JSON.stringify(withOutputs),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  const results: Omit<Specified, 'output'>[] = JSON.parse(stdout)
  for (const { name } of cases) specified.set(name, new Map())
  for (const [index, job] of withOutputs.entries())
    specified.get(job.case)!.set(nameOf(job.path, job.copy), { ...results[index]!, output: job.output })
}

beforeAll(() => {
  folder = newFolder()
  if (hasNumpy) specify()
})
afterAll(() => removeFolder(folder))

/** What differs, in words, so that a failure names the files. */
function differences(result: FileResult, expected: Specified | undefined): string[] {
  const { status, sigma, snr, clipped, output, key, copy } = result
  const name = nameOf(key, copy)
  if (status !== 'done' || !expected) return [`${name}: ${status}, ${result.error?.message ?? 'not specified'}`]
  const pairs = [
    ['sigma', sigma, expected.sigma],
    ['clipped', clipped, expected.clipped],
    ['snr', snr?.toFixed(9), expected.snr?.toFixed(9)], // log10 may differ in its last bits
  ]
  const wrong = pairs.filter(([, ours, theirs]) => ours !== theirs).map((pair) => `${name}: ${pair.join(' ')}`)
  return readFileSync(output).equals(readFileSync(expected.output)) ? wrong : [...wrong, `${name}: other bytes`]
}

describeBackends('files made from docs/numerics.md alone, by Python with NumPy, are the same', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  test.skipIf(!hasNumpy).each(cases)('$name (needs NumPy)', async ({ name, options, files }) => {
    const task = noiseTask({ ...options, root: inputs(name), out: temporaryFolder() })
    const results = await pool.map(
      task,
      Object.keys(files).map((key) => path.join(inputs(name), key)),
    )
    const expected = specified.get(name)!
    expect(results.flatMap((result) => differences(result, expected.get(nameOf(result.key, result.copy))))).toEqual([])
    expect(results).toHaveLength(expected.size)
  })
})
