/** A source that adds up others, each with a factor of its own. The twin is native/core/noise/sum.cc. */

import type { Kernels } from '../kernels.js'
import { BLOCK_FRAMES, type NoiseSource } from './source.js'

const fround = Math.fround

/** A source, and the factor of its values. */
interface Summand {
  readonly source: NoiseSource
  readonly sigma: number
}

export class SumSource implements NoiseSource {
  readonly #room: Float32Array

  constructor(
    readonly summands: readonly Summand[],
    kernels: Kernels,
  ) {
    this.#room = kernels.floats(BLOCK_FRAMES)
  }

  /** Opens a summand for each part. If one fails, it closes those before. */
  static of<Part>(parts: readonly Part[], open: (part: Part, i: number) => Summand, kernels: Kernels): SumSource {
    const opened: Summand[] = []
    try {
      for (const [i, part] of parts.entries()) opened.push(open(part, i))
    } catch (error) {
      for (const { source } of opened) source.close?.()
      throw error
    }
    return new SumSource(opened, kernels)
  }

  /** Adds in float32, in the order of the summands. */
  fill(channel: number, frame: number, out: Float32Array, frames: number): void {
    const room = this.#room
    out.fill(0, 0, frames)
    for (const { source, sigma } of this.summands) {
      const factor = fround(sigma)
      source.fill(channel, frame, room, frames)
      for (let i = 0; i < frames; i++) out[i] = fround(out[i] + fround(factor * room[i]))
    }
  }

  close(): void {
    for (const { source } of this.summands) source.close?.()
  }
}
