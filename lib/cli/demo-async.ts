/**
 * What many would write first: async I/O with the noise on the one JS thread. Not a backend, only the demo's second way; what
 * is written under the final name is not whole until the end.
 */

import { type FileHandle, open } from 'node:fs/promises'
import { InputFile } from '../core/files.js'
import { NoiseTransform, sliceFrames } from '../core/transform.js'
import { readHeader } from '../core/wav/header.js'
import { fileKey } from '../plan/keys.js'

export interface AsyncJob {
  readonly input: string
  readonly output: string
  /** The path that the noise belongs to. */
  readonly key: string
  readonly sigma: number
  readonly seed: number
}

/** Slices that are read and written at once. */
const SLICES = 16

export async function addNoiseAsync({ input, output, key, sigma, seed }: AsyncJob): Promise<void> {
  const source = new InputFile(input)
  const header = readHeader(source)
  const { size } = source
  source.close()
  const level = { kind: 'sigma', value: sigma } as const
  const noise = { kind: 'gaussian', parameters: new Float64Array(0), key: fileKey(seed, key, 1), level, clip: true }
  const transform = new NoiseTransform(header, 0, noise, sigma)
  const reader = await open(input)
  const writer = await open(output, 'wx')
  try {
    const buffer = new Uint8Array(SLICES * sliceFrames(header.channels) * header.blockAlign)
    const dataEnd = header.dataOffset + header.dataBytes
    await copy(reader, writer, buffer, 0, header.dataOffset)
    await copy(reader, writer, buffer, header.dataOffset, dataEnd, (bytes) => transform.run(bytes))
    await copy(reader, writer, buffer, dataEnd, size)
  } finally {
    await Promise.all([reader.close(), writer.close()])
  }
}

async function copy(
  reader: FileHandle,
  writer: FileHandle,
  buffer: Uint8Array,
  start: number,
  end: number,
  change: (bytes: Uint8Array) => void = () => {},
): Promise<void> {
  for (let at = start; at < end; ) {
    const wanted = Math.min(buffer.length, end - at)
    const { bytesRead } = await reader.read(buffer, 0, wanted, at)
    if (bytesRead < wanted) throw new Error(`a read came up short at byte ${at}`)
    const bytes = buffer.subarray(0, bytesRead)
    change(bytes)
    const { bytesWritten } = await writer.write(bytes, 0, bytesRead, at)
    if (bytesWritten < bytesRead) throw new Error(`a write came up short at byte ${at}`)
    at += bytesRead
  }
}
