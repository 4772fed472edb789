import { describe, expect, test } from 'vitest'
import wavefile from 'wavefile'
import { tsKernels } from '../../../dist-lib/core/kernels.js'
import {
  decode,
  encode,
  type SampleFormat,
  sampleFormats,
  sampleScratch,
  swapBytes,
} from '../../../dist-lib/core/wav/samples.js'
import { describeHalves, runFile } from '../../support/jobs.js'
import { formats, HEADER_BYTES, wav } from '../../support/wav.js'

type PcmName = 'pcm8' | 'pcm16' | 'pcm24' | 'pcm32'

const named = (name: string): SampleFormat => sampleFormats.find((format) => format.name === name)!

/** Every value where there are few enough; else both ends, zero, and all that differ from a power of two by 1 at most. */
const integers: Record<PcmName, number[]> = {
  pcm8: everyInteger(8),
  pcm16: everyInteger(16),
  pcm24: edges(24),
  pcm32: edges(32),
}

function everyInteger(bits: number): number[] {
  return Array.from({ length: 2 ** bits }, (_, i) => i - 2 ** (bits - 1))
}

function edges(bits: number): number[] {
  const near = Array.from({ length: bits }, (_, power) => [-1, 0, 1].map((step) => 2 ** power + step)).flat()
  return [...near, ...near.map((value) => 0 - value)].filter((n) => n >= -(2 ** (bits - 1)) && n < 2 ** (bits - 1))
}

/** Bytes as the WAV format has them: 8 bits unsigned, more signed, little-endian. */
function bytesOf(name: PcmName, values: readonly number[]): Buffer {
  const { bytes } = named(name)
  const out = Buffer.alloc(values.length * bytes)
  values.forEach((value, i) => {
    if (bytes === 1) out.writeUInt8(value + 128, i)
    else out.writeIntLE(value, i * bytes, bytes)
  })
  return out
}

function decoded(format: SampleFormat, bytes: Uint8Array) {
  const count = bytes.length / format.bytes
  // A slice of a larger buffer, as the transform has it, at the offset of one sample.
  const memory = new Uint8Array(format.bytes + bytes.length)
  memory.set(bytes, format.bytes)
  const slice = memory.subarray(format.bytes)
  return { slice, count, values: decode(format, slice, count, sampleScratch(format, count, tsKernels)) }
}

describe.each(['pcm8', 'pcm16', 'pcm24', 'pcm32'] as const)('%s', (name) => {
  const format = named(name)
  const data = bytesOf(name, integers[name])

  test('is its integer over full scale', () => {
    const { values } = decoded(format, data)
    expect([...values]).toEqual(integers[name].map((n) => n / 2 ** (format.bits - 1)))
  })

  test('is what wavefile reads', () => {
    const read = new wavefile.WaveFile(wav({ bits: format.bits, data })).getSamples(false, Float64Array)
    const offset = name === 'pcm8' ? 128 : 0
    const { values } = decoded(format, data)
    expect([...values]).toEqual(Array.from(read, (n) => (n - offset) / 2 ** (format.bits - 1)))
  })

  test('goes back to the bytes that it came from', () => {
    const { slice, count, values } = decoded(format, data)
    slice.fill(0xaa)
    encode(format, values, slice, count)
    expect(Buffer.from(slice).equals(data)).toBe(true)
  })
})

test.each([
  ['pcm8', '00', -1],
  ['pcm8', '7f', -1 / 128],
  ['pcm8', '80', 0],
  ['pcm8', 'ff', 127 / 128],
  ['pcm16', '0080', -1],
  ['pcm16', 'ff7f', 32767 / 32768],
  ['pcm16', '0001', 256 / 32768],
  ['pcm24', '000080', -1],
  ['pcm24', 'ffff7f', 8388607 / 8388608],
  ['pcm24', 'ffffff', -1 / 8388608],
  ['pcm24', '010000', 1 / 8388608],
  ['pcm32', '00000080', -1],
  ['pcm32', 'ffffff7f', 2147483647 / 2147483648],
  ['pcm32', 'ffffffff', -1 / 2147483648],
  ['float32', '0000803f', 1],
  ['float64', '000000000000f0bf', -1],
])('%s of the bytes %s is %d', (name, hex, value) => {
  expect([...decoded(named(name), Buffer.from(hex, 'hex')).values]).toEqual([value])
})

describe.each([
  ['float32', ['0100807f', '0100a0ff', '0000c07f', '0000807f', '000080ff', '00000080', '01000000']],
  ['float64', ['010000000000f07f', '0100a0000000f4ff', '000000000000f8ff', '000000000000f07f', '0100000000000080']],
])('%s', (name, patterns) => {
  test('keeps every bit of what is not written: NaN payloads, infinities, -0, denormals', () => {
    const format = named(name)
    const data = Buffer.from(patterns.join(''), 'hex')
    const { slice, count, values } = decoded(format, data)
    encode(format, values, slice, count)
    expect(Buffer.from(slice).toString('hex')).toBe(data.toString('hex'))
  })

  test('is changed where it lies', () => {
    const { slice, values } = decoded(named(name), Buffer.from(patterns.join(''), 'hex'))
    values[0] = 0
    expect([...slice.subarray(0, named(name).bytes)].every((byte) => byte === 0)).toBe(true)
  })
})

describeHalves('noise far below a rounding', (run) => {
  // The way through decode, mix and encode, which noise of 0 would not take.
  const WHISPER = 1e-30
  test.each(formats.slice(0, 4))('leaves every value of $name as it is', async ({ name, bits }) => {
    const input = wav({ bits, data: bytesOf(name as PcmName, integers[name as PcmName]) })
    const { output, figures } = await runFile(run, input, { level: WHISPER })
    expect(output.equals(input)).toBe(true)
    expect([figures.clipped, figures.noiseEnergy]).toEqual([0, 0])
  })

  test('leaves floats of the size of speech as they are', async () => {
    const data = new Uint8Array(Float32Array.of(1, -1, 0.5, -0.1, 1e-9, 0.999).buffer)
    const { output } = await runFile(run, wav({ tag: 3, bits: 32, data }), { level: WHISPER })
    expect([...output.subarray(HEADER_BYTES)]).toEqual([...data])
  })
})

test.each(sampleFormats)('bytes of $name are turned around, and back', (format) => {
  // At an odd place, as samples of a header of odd length are.
  const memory = Uint8Array.from({ length: 1 + 5 * format.bytes }, (_, i) => i + 1)
  const samples = memory.subarray(1)
  const before = samples.slice()
  swapBytes(format, samples)
  const turned = Array.from({ length: 5 }, (_, i) =>
    [...before.slice(i * format.bytes, (i + 1) * format.bytes)].reverse(),
  )
  expect([...samples]).toEqual(turned.flat())
  expect(memory[0]).toBe(1)
  swapBytes(format, samples)
  expect(samples).toEqual(before)
})
