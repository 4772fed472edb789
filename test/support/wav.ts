/** WAV bytes written by hand, so that tests do not lean on the code they test. */

import { formats } from '../conformance/golden.mjs'

export { formats }

export type Container = 'RIFF' | 'RIFX' | 'RF64' | 'BW64'

export interface WavParts {
  /** RIFF if left out. RIFX has all words with the high byte first; the data are taken as they are. */
  readonly container?: Container
  /** Format tag: 1 PCM, 3 float. */
  readonly tag?: number
  readonly channels?: number
  readonly sampleRate?: number
  readonly bits?: number
  readonly data?: Uint8Array
  /** Written as WAVE_FORMAT_EXTENSIBLE. */
  readonly extensible?: boolean
  /** What a codec has behind the size of the extension, or behind that of EXTENSIBLE: words of 16 bits. */
  readonly fields?: readonly number[]
  /** Whole chunks, `chunk()` makes them, between fmt and data, and after the data. */
  readonly before?: readonly Uint8Array[]
  readonly after?: readonly Uint8Array[]
  /** What the header claims instead of the truth. */
  readonly dataSize?: number
  readonly riffSize?: number
  readonly blockAlign?: number
  readonly validBits?: number
  readonly byteRate?: number
  /** What the ds64 chunk of RF64 and BW64 claims instead of the truth, and its table. */
  readonly longSizes?: {
    readonly riff?: bigint
    readonly data?: bigint
    readonly frames?: bigint
    readonly table?: readonly (readonly [id: string, size: bigint])[]
  }
}

/** The bytes of a text, one for each character: an id of four, as a rule. */
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

/** Sizes of the numbers in a fmt chunk; those of the GUID among them, whose last eight bytes are none. */
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

/** The bytes of each sample turned around: data for RIFX, from data for RIFF. */
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

/** The ds64 chunk before `length` bytes of others. */
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

/** Sample data of a format: a sine of this amplitude (full scale 1), the same in every channel. */
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

/** Bytes before the samples in a file that `wav()` makes without chunks between fmt and data, and without EXTENSIBLE. */
export const HEADER_BYTES = 44

/** Frames of `pcm16()`: more than a noise block of 4096, and not a multiple of it. */
export const PCM16_FRAMES = 10_000

/** A mono file of 16 bits with a sine. */
export const pcm16 = (frames = PCM16_FRAMES, amplitude = 0.25): Buffer =>
  wav({ data: sine(formats[1], frames, 1, amplitude) })
