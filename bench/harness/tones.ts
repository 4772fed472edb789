/** WAV files with a sine, which are the inputs of workloads. */

export interface ToneFormat {
  readonly format: 'pcm16' | 'float32'
  readonly sampleRate: number
  readonly frames: number
  /** Default 1. All channels have the same samples. */
  readonly channels?: number
  /** In hertz: a whole number, so that all seconds are equal. Default 440. */
  readonly frequency?: number
}

/** Returns the bytes of a WAV file with a sine of half of full scale. */
export function tone({ format, sampleRate, frames, channels = 1, frequency = 440 }: ToneFormat): Buffer {
  const width = format === 'pcm16' ? 2 : 4
  const frameBytes = width * channels
  const bytes = Buffer.alloc(44 + frames * frameBytes)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(format === 'pcm16' ? 1 : 3, 20)
  bytes.writeUInt16LE(channels, 22)
  bytes.writeUInt32LE(sampleRate, 24)
  bytes.writeUInt32LE(sampleRate * frameBytes, 28)
  bytes.writeUInt16LE(frameBytes, 32)
  bytes.writeUInt16LE(8 * width, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(frames * frameBytes, 40)
  const different = Math.min(frames, sampleRate)
  for (let frame = 0; frame < different; frame++) {
    const value = 0.5 * Math.sin((2 * Math.PI * frequency * frame) / sampleRate)
    for (let channel = 0; channel < channels; channel++) {
      const at = 44 + frame * frameBytes + channel * width
      if (format === 'pcm16') bytes.writeInt16LE(Math.round(32767 * value), at)
      else bytes.writeFloatLE(value, at)
    }
  }
  // Each copy doubles what there is, because a sine for each sample would take a minute for an hour of sound.
  for (let done = 44 + different * frameBytes; done < bytes.length; ) done += bytes.copy(bytes, done, 44, done)
  return bytes
}
