/**
 * Decodes a whole file to samples, for tests. Jobs do not return samples, and with sigma 0 they
 * decode none. Tests compare these samples with those that other programs read. The twin is
 * native/core/decode.cc.
 */

import { type FilePath, InputFile } from './files.js'
import { type Kernels, tsKernels } from './kernels.js'
import { FrameWalk, pieceFrames } from './transform.js'
import { openSamples } from './wav/decoded.js'
import type { WavHeader } from './wav/header.js'
import type { FrameLayout } from './wav/samples.js'

export interface DecodedFile {
  /** Header of the file. If the file is coded, header of its decoded form. */
  readonly header: WavHeader
  /** Interleaved, in full-scale units. */
  readonly samples: Float64Array
}

class SampleReader extends FrameWalk {
  readonly samples: Float64Array
  #done = 0

  constructor(layout: FrameLayout, kernels: Kernels) {
    super(layout, 0, kernels)
    this.samples = new Float64Array(layout.frames * layout.channels)
  }

  protected piece(bytes: Uint8Array, frames: number): void {
    const count = frames * this.layout.channels
    const values = this.kernels.decode(this.layout.format, bytes, count, this.scratch)
    this.samples.set(values.subarray(0, count), this.#done)
    this.#done += count
  }
}

/** Reads and decodes a file. Throws Failure as a job would. */
export function decodeFile(path: FilePath, kernels: Kernels = tsKernels): DecodedFile {
  const file = new InputFile(path)
  try {
    const { input, header } = openSamples(file)
    kernels.reset()
    const room = kernels.bytes(pieceFrames(header.channels) * header.blockAlign)
    const reader = new SampleReader(header, kernels)
    for (let done = 0; done < header.dataBytes; done += room.length) {
      const bytes = room.subarray(0, Math.min(room.length, header.dataBytes - done))
      input.read(header.dataOffset + done, bytes)
      reader.run(bytes)
    }
    return { header, samples: reader.samples }
  } finally {
    file.close()
  }
}
