/** Writes WAV files without the code under test. */

import { formats } from '../conformance/golden.mjs'

export { formats }

export type Container = 'RIFF' | 'RIFX' | 'RF64' | 'BW64'

export interface WavParts {
  /** RIFF by default. In RIFX, all numbers of the header have the high byte first; `data` is written unchanged. */
  readonly container?: Container
  /** Format tag: 1 PCM, 3 float. */
  readonly tag?: number
  readonly channels?: number
  readonly sampleRate?: number
  readonly bits?: number
  readonly data?: Uint8Array
  /** Whether the format is WAVE_FORMAT_EXTENSIBLE. */
  readonly extensible?: boolean
  /** 16-bit fields of a codec, after the size of the extension or after the extension of EXTENSIBLE. */
  readonly fields?: readonly number[]
  /** Whole chunks, made by `chunk()`, between fmt and data, and after the data. */
  readonly before?: readonly Uint8Array[]
  readonly after?: readonly Uint8Array[]
  /** Values in the header, instead of the true ones. */
  readonly dataSize?: number
  readonly riffSize?: number
  readonly blockAlign?: number
  readonly validBits?: number
  readonly byteRate?: number
  /** Values in the ds64 chunk of RF64 and BW64, instead of the true ones, and its table. */
  readonly longSizes?: {
    readonly riff?: bigint
    readonly data?: bigint
    readonly frames?: bigint
    readonly table?: readonly (readonly [id: string, size: bigint])[]
  }
}

/** Returns the bytes of a text, one for each character. It is usually the id of a chunk. */
export const text = (id: string) => Buffer.from(id, 'latin1')

export function chunk(id: string, body: Uint8Array, size = body.length, container: Container = 'RIFF'): Buffer {
  const head = Buffer.alloc(8)
  text(id).copy(head)
  head.writeUInt32LE(size, 4)
  if (container === 'RIFX') head.subarray(4).swap32()
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
}

export function formatBody(parts: WavParts): Buffer {
  const { tag = 1, channels = 1, sampleRate = 16000, bits = 16, extensible = false, fields } = parts
  const blockAlign = parts.blockAlign ?? channels * Math.ceil(bits / 8)
  const body = Buffer.alloc(extensible ? 40 : 16)
  body.writeUInt16LE(extensible ? 0xfffe : tag, 0)
  body.writeUInt16LE(channels, 2)
  body.writeUInt32LE(sampleRate, 4)
  body.writeUInt32LE(parts.byteRate ?? (sampleRate * blockAlign) >>> 0, 8)
  body.writeUInt16LE(blockAlign, 12)
  body.writeUInt16LE(bits, 14)
  if (extensible) {
    body.writeUInt16LE(22 + 2 * (fields?.length ?? 0), 16)
    body.writeUInt16LE(parts.validBits ?? bits, 18)
    body.writeUInt16LE(tag, 24)
    Buffer.from('000000001000800000aa00389b71', 'hex').copy(body, 26)
  }
  const isBig = parts.container === 'RIFX'
  const more = Buffer.from(
    Uint16Array.from([...(extensible || !fields ? [] : [2 * fields.length]), ...(fields ?? [])]).buffer,
  )
  return Buffer.concat([isBig ? swapFields(body) : body, isBig ? more.swap16() : more])
}

/**
 * Sizes of the numbers in a fmt chunk, those of the GUID included. The last eight bytes of the GUID are not numbers.
 */
const FIELDS = [2, 2, 4, 4, 2, 2, 2, 2, 4, 4, 2, 2]

function swapFields(body: Buffer): Buffer {
  let at = 0
  for (const size of FIELDS) {
    if (at + size > body.length) break
    body.subarray(at, at + size).reverse()
    at += size
  }
  return body
}

/** Reverses the bytes of each sample, to make data for RIFX from data for RIFF. */
export function turned(data: Uint8Array, bits: number): Buffer {
  const bytes = bits / 8
  return Buffer.from(data.map((_, i) => data[i - (i % bytes) + bytes - 1 - (i % bytes)]))
}

export function wav(parts: WavParts = {}): Buffer {
  const { container = 'RIFF', data = new Uint8Array(0), before = [], after = [] } = parts
  const isLong = container === 'RF64' || container === 'BW64'
  const rest = [
    chunk('fmt ', formatBody(parts), undefined, container),
    ...before,
    chunk('data', data, parts.dataSize ?? (isLong ? 0xffffffff : data.length), container),
    ...after,
  ]
  const inside = Buffer.concat([
    text('WAVE'),
    ...(isLong ? [longSizes(parts, Buffer.concat(rest).length)] : []),
    ...rest,
  ])
  const riffSize = parts.riffSize ?? (isLong ? 0xffffffff : inside.length)
  return chunk(container, inside, riffSize, container)
}

/** Makes the ds64 chunk of a file with `length` bytes of other chunks. */
function longSizes(parts: WavParts, length: number): Buffer {
  const { channels = 1, bits = 16, data = new Uint8Array(0), longSizes: claimed = {} } = parts
  const { table = [] } = claimed
  const body = Buffer.alloc(28 + 12 * table.length)
  body.writeBigUInt64LE(claimed.riff ?? BigInt(4 + 8 + body.length + length), 0)
  body.writeBigUInt64LE(claimed.data ?? BigInt(data.length), 8)
  body.writeBigUInt64LE(claimed.frames ?? BigInt(Math.floor(data.length / (channels * Math.ceil(bits / 8)))), 16)
  body.writeUInt32LE(table.length, 24)
  table.forEach(([id, size], i) => {
    text(id).copy(body, 28 + 12 * i)
    body.writeBigUInt64LE(size, 32 + 12 * i)
  })
  return chunk('ds64', body)
}

/** Makes sample data: a sine with this amplitude (full scale 1), the same in every channel. */
export function sine(format: (typeof formats)[number], frames: number, channels = 1, amplitude = 0.25): Buffer {
  const bytes = format.bits / 8
  const data = Buffer.alloc(frames * channels * bytes)
  for (let frame = 0; frame < frames; frame++) {
    const value = amplitude * Math.sin(frame * 0.05)
    for (let channel = 0; channel < channels; channel++) {
      const at = (frame * channels + channel) * bytes
      if (format.name === 'float32') data.writeFloatLE(value, at)
      else if (format.name === 'float64') data.writeDoubleLE(value, at)
      else if (format.name === 'pcm8') data.writeUInt8(Math.round(value * 127) + 128, at)
      else data.writeIntLE(Math.round(value * (2 ** (format.bits - 1) - 1)), at, bytes)
    }
  }
  return data
}

/** Offset of the samples in a file of `wav()` without chunks before the data and without EXTENSIBLE. */
export const HEADER_BYTES = 44

/** Frames of `pcm16()`: more than a noise block of 4096, and not a multiple of it. */
export const PCM16_FRAMES = 10_000

/** Makes a mono 16-bit file with a sine. */
export const pcm16 = (frames = PCM16_FRAMES, amplitude = 0.25): Buffer =>
  wav({ data: sine(formats[1], frames, 1, amplitude) })
