/** The random numbers of one output. */

import type { Kernels } from '../core/kernels.js'
import { gaussian } from '../core/noise/gaussian.js'
import { GeneratedSource } from '../core/noise/generated.js'
import { draw, type NoiseKey, Purpose } from '../core/noise/keys.js'
import { BLOCK_FRAMES } from '../core/noise/source.js'
import type { RandomSource } from './audio.js'

const NO_PARAMETERS = new Float64Array()

export class Random implements RandomSource {
  readonly #key: NoiseKey
  readonly #kernels: () => Kernels
  /** The block of noise that is given out, and how much of it was. */
  #values: Float32Array | undefined
  #used = BLOCK_FRAMES
  #blocks = 0
  #draws = 0

  /** @param kernels returns the kernels of the thread */
  constructor(key: NoiseKey, kernels: () => Kernels) {
    this.#key = key
    this.#kernels = kernels
  }

  gaussian(out: Float32Array): Float32Array {
    for (let done = 0; done < out.length; ) {
      if (this.#used === BLOCK_FRAMES) this.#refill()
      const part = this.#values!.subarray(this.#used, this.#used + out.length - done)
      out.set(part, done)
      this.#used += part.length
      done += part.length
    }
    return out
  }

  next(): number {
    return draw(this.#key, Purpose.transform, this.#draws++)
  }

  /** Makes the next block. Each is made alone, because other jobs of the thread use the memory of its kernels too. */
  #refill(): void {
    const kernels = this.#kernels()
    kernels.reset()
    const signal = { channels: 1, sampleRate: 0, frames: 0 }
    const source = new GeneratedSource(gaussian, { key: this.#key, parameters: NO_PARAMETERS, ...signal }, kernels)
    const room = kernels.floats(BLOCK_FRAMES)
    source.fill(0, this.#blocks++ * BLOCK_FRAMES, room, BLOCK_FRAMES)
    this.#values = room.slice()
    this.#used = 0
  }
}
