/** Task of the demo's pool: writes one sine file in float32, mono. */

import { closeSync, openSync, writeSync } from 'node:fs'

export interface Tone {
  readonly file: string
  readonly seconds: number
  /** In hertz; a whole number, so that all seconds are equal. */
  readonly frequency: number
}

const SAMPLE_RATE = 44100
const SAMPLE_BYTES = 4
const AMPLITUDE = 0.5
const FORMAT_FLOAT = 3

export default function writeTone({ file, seconds, frequency }: Tone): void {
  const radians = (2 * Math.PI * frequency) / SAMPLE_RATE
  const second = Float32Array.from({ length: SAMPLE_RATE }, (_, i) => AMPLITUDE * Math.sin(radians * i))
  const fd = openSync(file, 'wx')
  writeSync(fd, header(seconds * SAMPLE_RATE))
  for (let i = 0; i < seconds; i++) writeSync(fd, second)
  closeSync(fd)
}

/**
 * Returns the header: RIFF, fmt, fact (which formats other than PCM need) and the start of the data
 * chunk.
 */
function header(frames: number): Buffer {
  const bytes = frames * SAMPLE_BYTES
  const head = Buffer.alloc(58)
  head.write('RIFF', 0)
  head.writeUInt32LE(head.length - 8 + bytes, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(18, 16)
  head.writeUInt16LE(FORMAT_FLOAT, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(SAMPLE_RATE, 24)
  head.writeUInt32LE(SAMPLE_RATE * SAMPLE_BYTES, 28)
  head.writeUInt16LE(SAMPLE_BYTES, 32)
  head.writeUInt16LE(8 * SAMPLE_BYTES, 34)
  head.write('fact', 38)
  head.writeUInt32LE(4, 42)
  head.writeUInt32LE(frames, 46)
  head.write('data', 50)
  head.writeUInt32LE(bytes, 54)
  return head
}
