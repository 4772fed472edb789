/**
 * Source of a generated kind of noise. It keeps a state for each channel and seeds it at the start
 * of each block.
 */

import type { Kernels } from '../kernels.js'
import type { NoiseKind } from './kind.js'
import { FILL_FRAMES, type NoiseContext, type NoiseSource } from './source.js'

interface Channel {
  readonly state: Uint32Array
  /** The frame at which the state is. */
  frame: number
}

const roundUp = (frames: number) => Math.ceil(frames / FILL_FRAMES) * FILL_FRAMES

export class GeneratedSource implements NoiseSource {
  readonly #channels: Channel[]
  readonly #parameters: Float64Array

  constructor(
    readonly kind: NoiseKind,
    readonly context: NoiseContext,
    readonly kernels: Kernels,
  ) {
    this.#channels = Array.from({ length: context.channels }, () => ({
      state: kernels.words(kind.stateWords),
      frame: -1,
    }))
    this.#parameters = kernels.doubles(context.parameters.length)
    this.#parameters.set(context.parameters)
  }

  fill(channel: number, frame: number, out: Float32Array, frames: number): void {
    const { blockFrames } = this.kind
    for (let done = 0; done < frames; ) {
      this.#moveTo(channel, frame + done, out)
      const count = Math.min(frames - done, blockFrames - ((frame + done) % blockFrames))
      this.#generate(channel, out.subarray(done, done + roundUp(count)), count)
      done += count
    }
  }

  /**
   * Moves a channel's state to `frame`.
   *
   * @param room scratch for the values of skipped frames
   */
  #moveTo(channel: number, frame: number, room: Float32Array): void {
    const { kind, context } = this
    const { blockFrames } = kind
    const at = this.#channels[channel]
    if (at.frame === frame && frame % blockFrames !== 0) return
    const block = Math.floor(frame / blockFrames)
    kind.seed(at.state, context, channel, block)
    at.frame = block * blockFrames
    const step = Math.floor(room.length / FILL_FRAMES) * FILL_FRAMES
    while (at.frame < frame) this.#generate(channel, room, Math.min(step, frame - at.frame))
  }

  #generate(channel: number, out: Float32Array, frames: number): void {
    const at = this.#channels[channel]
    this.kernels.fill(this.kind, at.state, this.#parameters, out, frames)
    at.frame += frames
  }
}
