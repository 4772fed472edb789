/** WAV bytes written by hand, so that tests do not lean on the code they test. */

export interface WavParts {
  /** Format tag: 1 PCM, 3 float. */
  readonly tag?: number
  readonly channels?: number
  readonly sampleRate?: number
  readonly bits?: number
  readonly data?: Uint8Array
  /** Written as WAVE_FORMAT_EXTENSIBLE. */
  readonly extensible?: boolean
  /** Whole chunks, `chunk()` makes them, between fmt and data, and after the data. */
  readonly before?: readonly Uint8Array[]
  readonly after?: readonly Uint8Array[]
  /** What the header claims instead of the truth. */
  readonly dataSize?: number
  readonly riffSize?: number
  readonly blockAlign?: number
  readonly validBits?: number
}

const text = (id: string) => Buffer.from(id, 'latin1')

export function chunk(id: string, body: Uint8Array, size = body.length): Buffer {
  const head = Buffer.alloc(8)
  text(id).copy(head)
  head.writeUInt32LE(size, 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
}

export function formatBody(parts: WavParts): Buffer {
  const { tag = 1, channels = 1, sampleRate = 16000, bits = 16, extensible = false } = parts
  const blockAlign = parts.blockAlign ?? (channels * bits) / 8
  const body = Buffer.alloc(extensible ? 40 : 16)
  body.writeUInt16LE(extensible ? 0xfffe : tag, 0)
  body.writeUInt16LE(channels, 2)
  body.writeUInt32LE(sampleRate, 4)
  body.writeUInt32LE((sampleRate * blockAlign) >>> 0, 8)
  body.writeUInt16LE(blockAlign, 12)
  body.writeUInt16LE(bits, 14)
  if (extensible) {
    body.writeUInt16LE(22, 16)
    body.writeUInt16LE(parts.validBits ?? bits, 18)
    body.writeUInt16LE(tag, 24)
    Buffer.from('000000001000800000aa00389b71', 'hex').copy(body, 26)
  }
  return body
}

export function wav(parts: WavParts = {}): Buffer {
  const { data = new Uint8Array(0), before = [], after = [] } = parts
  const inside = Buffer.concat([
    text('WAVE'),
    chunk('fmt ', formatBody(parts)),
    ...before,
    chunk('data', data, parts.dataSize ?? data.length),
    ...after,
  ])
  return chunk('RIFF', inside, parts.riffSize ?? inside.length)
}

/** The formats that noisemill reads. */
export const formats = [
  { name: 'pcm8', tag: 1, bits: 8 },
  { name: 'pcm16', tag: 1, bits: 16 },
  { name: 'pcm24', tag: 1, bits: 24 },
  { name: 'pcm32', tag: 1, bits: 32 },
  { name: 'float32', tag: 3, bits: 32 },
  { name: 'float64', tag: 3, bits: 64 },
] as const

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
