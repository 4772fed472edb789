/** Invalid arguments and memory that is detached are refused with a code, and no other memory changes. */

import { describe, expect, test } from 'vitest'
import { addNoise, addNoiseToWav, Pool, type SampleFigures } from '../../dist/index.js'
import { arrayTypes, bytesOf, tone } from '../support/arrays.js'
import { describeBackends } from '../support/backends.js'
import { testPool } from '../support/pools.js'
import { formats, sine, wav } from '../support/wav.js'

const [, pcm16] = formats
// biome-ignore lint/suspicious/noExplicitAny: wrong types are what this is about
const wrong = (value: unknown) => value as any
const good = { sigma: 0.1 }

const invalid = (option: string) => ({ name: 'NoisemillError', code: 'E_OPTION_INVALID', option })

describe('addNoise refuses', () => {
  const bytes = new Uint8Array(64)
  const misfits: readonly (readonly [string, unknown])[] = [
    ['a Buffer, which may be a whole file', Buffer.alloc(64)],
    ['a DataView', new DataView(bytes.buffer, 1, 8)],
    ['an ArrayBuffer', bytes.buffer],
    ['a SharedArrayBuffer', new SharedArrayBuffer(8)],
    ['an Int8Array', new Int8Array(8)],
    ['a Uint8ClampedArray', new Uint8ClampedArray(8)],
    ['a Uint16Array', new Uint16Array(8)],
    ['a Uint32Array', new Uint32Array(8)],
    ['a BigInt64Array', new BigInt64Array(8)],
    ['a BigUint64Array', new BigUint64Array(8)],
    ['an array of numbers', [0, 0.5]],
    ['something like an array', { length: 2, 0: 0, 1: 0 }],
    ['a string', 'samples'],
    ['a number', 3],
    ['null', null],
    ['nothing', undefined],
  ]
  test.each(misfits)('%s', async (_, samples) => {
    await expect(addNoise(wrong(samples), good)).rejects.toMatchObject(invalid('samples'))
  })

  test.each([0, 1025, 1.5, -1, NaN, Infinity, '1', null])('%s channels', async (channels) => {
    await expect(addNoise(new Float32Array(6), { ...good, channels: wrong(channels) })).rejects.toMatchObject(
      invalid('channels'),
    )
  })

  test.each([
    [1, 2],
    [1023, 1024],
    [7, 3],
  ])('%i samples of %i channels: not whole frames', async (length, channels) => {
    await expect(addNoise(new Int16Array(length), { ...good, channels })).rejects.toMatchObject(invalid('samples'))
  })
})

const settings: readonly (readonly [options: unknown, error: object])[] = [
  [undefined, invalid('options')],
  [null, invalid('options')],
  [[], invalid('options')],
  ['sigma', invalid('options')],
  [{}, { code: 'E_LEVEL_MISSING' }],
  [{ sigma: 0.1, snr: 10 }, { code: 'E_LEVEL_BOTH' }],
  ...[-0.1, 16.001, NaN, Infinity, '0.1', [0.2, 0.1], [0.1], [0, 1, 2], null].map(
    (sigma) => [{ sigma }, invalid('sigma')] as const,
  ),
  ...[-101, 201, NaN, [30, 10], '10'].map((snr) => [{ snr }, invalid('snr')] as const),
  ...[1.5, NaN, 2 ** 53, 'a\0b', null, {}].map((seed) => [{ ...good, seed }, invalid('seed')] as const),
  ...[1, null, {}, Buffer.from('a'), Symbol('a')].map((key) => [{ ...good, key }, invalid('key')] as const),
  ...['Pink', null].map((kind) => [{ ...good, kind }, invalid('kind')] as const),
  [
    { ...good, parameters: { colour: 1 } },
    { code: 'E_OPTION_UNKNOWN', option: 'colour' },
  ],
  ...['yes', 1, null].map((clip) => [{ ...good, clip }, invalid('clip')] as const),
  ...['yes', 1, null].map((inPlace) => [{ ...good, inPlace }, invalid('inPlace')] as const),
  ...[new EventTarget(), {}, null, true].map((signal) => [{ ...good, signal }, invalid('signal')] as const),
  ...[{}, Pool, null, 2].map((pool) => [{ ...good, pool }, invalid('pool')] as const),
  ...[{}, null, 'log'].map((onFigures) => [{ ...good, onFigures }, invalid('onFigures')] as const),
  // Those of files, of pools and of runs.
  ...['out', 'root', 'copies', 'overwrite', 'dryRun', 'backend', 'size', 'chunkSize', 'errors', 'Sigma'].map(
    (option) =>
      [
        { ...good, [option]: 1 },
        { code: 'E_OPTION_UNKNOWN', option },
      ] as const,
  ),
]

test.each(settings)('both refuse the options %o', async (options, error) => {
  const samples = new Float32Array(8).fill(0.5)
  const file = wav({ ...pcm16, data: sine(pcm16, 8) })
  const before = Buffer.from(file)
  await expect(addNoise(samples, wrong(options))).rejects.toMatchObject(error)
  await expect(addNoiseToWav(file, wrong(options))).rejects.toMatchObject(error)
  expect(samples).toEqual(new Float32Array(8).fill(0.5))
  expect(file.equals(before)).toBe(true)
})

test('addNoise has no header to be strict about', async () => {
  const work = addNoise(new Float32Array(8), { ...good, strict: true } as never)
  await expect(work).rejects.toMatchObject({ code: 'E_OPTION_UNKNOWN', option: 'strict' })
})

describe('addNoiseToWav refuses', () => {
  test.each(['yes', 1, null])('strict: %s', async (strict) => {
    await expect(addNoiseToWav(wav(), { ...good, strict: wrong(strict) })).rejects.toMatchObject(invalid('strict'))
  })

  test('channels, which the file has', async () => {
    const work = addNoiseToWav(wav(), { ...good, channels: 1 } as never)
    await expect(work).rejects.toMatchObject({ code: 'E_OPTION_UNKNOWN', option: 'channels' })
  })

  const misfits = [
    'a.wav',
    new URL('file:///a.wav'),
    new Int16Array(64),
    new ArrayBuffer(64),
    [82, 73],
    null,
    undefined,
  ]
  test.each(misfits)('%s in the place of bytes', async (file) => {
    await expect(addNoiseToWav(wrong(file), good)).rejects.toMatchObject(invalid('wav'))
  })
})

test('an option that is undefined is as if left out', async () => {
  const all = { channels: undefined, key: undefined, inPlace: undefined, signal: undefined, onFigures: undefined }
  const options = { ...good, snr: undefined, seed: undefined, clip: undefined, pool: undefined, ...all }
  expect(await addNoise(new Float32Array(8), wrong(options))).toEqual(await addNoise(new Float32Array(8), good))
})

const lost = { name: 'NoisemillError', code: 'E_SAMPLES_CHANGED' }
const detach = (array: { readonly buffer: ArrayBufferLike }) =>
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] })

// Not known to the types of Node 20.
interface Resizable extends ArrayBuffer {
  resize(size: number): void
}
const NewBuffer = ArrayBuffer as unknown as new (size: number, options: { maxByteLength: number }) => Resizable
const transfer = (ArrayBuffer.prototype as { transfer?(): ArrayBuffer }).transfer
const BYTES = 8 * 2 ** 20 // 32 slices: more than have gone to threads before the first has come back

describeBackends('memory that goes away', (backend) => {
  const ways: readonly (readonly [string, (array: Float32Array) => void])[] = [
    ['transferred with a message', detach],
    ...(transfer ? [['transferred', (array: Float32Array) => transfer.call(array.buffer)] as const] : []),
    ['shrunk', (array) => (array.buffer as unknown as Resizable).resize(64)],
    ['grown', (array) => (array.buffer as unknown as Resizable).resize(2 * BYTES)],
    ['emptied', (array) => (array.buffer as unknown as Resizable).resize(0)],
  ]
  describe.each(ways)('because it is %s', (_, change) => {
    const array = () => new Float32Array(new NewBuffer(BYTES, { maxByteLength: 2 * BYTES }))

    for (const options of [{ sigma: 0.1 }, { sigma: 0.1, inPlace: true }, { snr: 10 }, { snr: 10, inPlace: true }])
      test(`while ${JSON.stringify(options)} is under way`, async () => {
        const pool = testPool({ backend })
        const samples = array()
        const told: SampleFigures[] = []
        const work = addNoise(samples, { ...options, pool, onFigures: (figures) => told.push(figures) })
        change(samples)
        await expect(work).rejects.toMatchObject(lost)
        expect(told).toEqual([])
        // The pool is none the worse for it.
        expect(await addNoise(new Int16Array(1000), { ...good, pool })).toHaveLength(1000)
      })

    test('from a whole file', async () => {
      const pool = testPool({ backend })
      for (const inPlace of [false, true]) {
        const samples = array()
        const file = new Uint8Array(samples.buffer)
        file.set(wav({ dataSize: BYTES - 44 }).subarray(0, 44))
        const work = addNoiseToWav(file, { ...good, inPlace, pool })
        change(samples)
        await expect(work).rejects.toMatchObject(lost)
      }
    })
  })

  test('later, once the first turns are over', async () => {
    const pool = testPool({ backend })
    for (let turns = 1; turns <= 4; turns++) {
      const samples = new Float32Array(BYTES)
      const work = addNoise(samples, { ...good, inPlace: true, pool })
      const rejected = expect(work).rejects.toMatchObject(lost)
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
      detach(samples)
      await rejected
    }
  })

  test('before the call', async () => {
    const pool = testPool({ backend })
    const samples = new Float32Array(100)
    detach(samples)
    const buffer = new NewBuffer(400, { maxByteLength: 400 })
    const beyond = new Float32Array(buffer, 200, 10)
    buffer.resize(100)
    for (const array of [samples, beyond]) {
      for (const options of [good, { snr: 10 }, { ...good, inPlace: true }])
        await expect(addNoise(array, { ...options, pool })).rejects.toMatchObject(lost)
    }
    const file = new Uint8Array(wav())
    detach(file)
    await expect(addNoiseToWav(file, { ...good, pool })).rejects.toMatchObject(lost)
  })

  test('behind a view that has its own bounds, and keeps all of them, does no harm', async () => {
    const pool = testPool({ backend })
    const buffer = new NewBuffer(BYTES, { maxByteLength: 2 * BYTES })
    const samples = new Float32Array(buffer, 4, 100_000)
    const work = addNoise(samples, { ...good, inPlace: true, pool })
    buffer.resize(2 * BYTES)
    buffer.resize(BYTES / 2)
    expect(await work).toBe(samples)
    expect(samples).toEqual(await addNoise(new Float32Array(100_000), { ...good, pool }))
  })
})

describeBackends('no samples', (backend) => {
  test('are given back, with the figures of none', async () => {
    const pool = testPool({ backend })
    for (const type of arrayTypes) {
      for (const options of [
        { sigma: 0.1, channels: 2 },
        { snr: 10, channels: 1024 },
      ]) {
        const told: SampleFigures[] = []
        const empty = tone(type, 0)
        const noisy = await addNoise(empty, { ...options, pool, onFigures: (figures) => told.push(figures) })
        expect(noisy).toEqual(empty)
        expect(noisy).not.toBe(empty)
        expect(told).toMatchObject([{ frames: 0, snr: null, clipped: 0, warnings: ['W_EMPTY'] }])
        expect(await addNoise(empty, { ...options, pool, inPlace: true })).toBe(empty)
      }
    }
  })
})

describeBackends('shared memory', (backend) => {
  test('is worked on like any other', async () => {
    const pool = testPool({ backend })
    for (const type of arrayTypes) {
      const plain = tone(type, 10_000, 2)
      const shared = new type.Type(new SharedArrayBuffer(plain.byteLength + 8), 8)
      shared.set(plain)
      const expected = bytesOf(await addNoise(plain, { snr: 10, channels: 2, pool }))
      const noisy = await addNoise(shared, { snr: 10, channels: 2, pool })
      expect(noisy.buffer).toBeInstanceOf(ArrayBuffer)
      expect(bytesOf(noisy).equals(expected)).toBe(true)
      expect(await addNoise(shared, { snr: 10, channels: 2, pool, inPlace: true })).toBe(shared)
      expect(bytesOf(shared).equals(expected)).toBe(true)
    }
  })
})
