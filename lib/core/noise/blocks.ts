/** Base of the sources whose noise consists of blocks that can be made one without the other. */

import { FILL_FRAMES, type NoiseSource } from './source.js'

const roundUp = (frames: number) => Math.ceil(frames / FILL_FRAMES) * FILL_FRAMES

/** Cuts calls of `fill` at the borders of blocks, and knows at which frame each channel is. */
export abstract class BlockSource implements NoiseSource {
  /** For each channel, the frame at which its state is; NaN before its first block. */
  readonly #frames: Float64Array

  /**
   * @param blockFrames frames in a block, a multiple of BLOCK_FRAMES
   */
  constructor(
    channels: number,
    protected readonly blockFrames: number,
  ) {
    this.#frames = new Float64Array(channels).fill(Number.NaN)
  }

  fill(channel: number, frame: number, out: Float32Array, frames: number): void {
    for (let done = 0; done < frames; ) {
      const within = this.#moveTo(channel, frame + done, out)
      const count = Math.min(frames - done, this.blockFrames - within)
      this.#next(channel, out.subarray(done, done + roundUp(count)), count)
      done += count
    }
  }

  /**
   * Moves a channel's state to `frame`, and returns which frame of its block that is.
   *
   * @param room scratch for the values of skipped frames
   */
  #moveTo(channel: number, frame: number, room: Float32Array): number {
    const block = Math.floor(frame / this.blockFrames)
    const start = block * this.blockFrames
    if (this.#frames[channel] !== frame || frame === start) {
      this.start(channel, block)
      this.#frames[channel] = start
      const step = Math.floor(room.length / FILL_FRAMES) * FILL_FRAMES
      while (this.#frames[channel] < frame) this.#next(channel, room, Math.min(step, frame - this.#frames[channel]))
    }
    return frame - start
  }

  #next(channel: number, out: Float32Array, frames: number): void {
    this.next(channel, this.#frames[channel], out, frames)
    this.#frames[channel] += frames
  }

  /** Sets a channel's state to the first frame of a block. */
  protected abstract start(channel: number, block: number): void

  /** Writes the values of the `frames` frames from `frame` on, at which the channel's state is. */
  protected abstract next(channel: number, frame: number, out: Float32Array, frames: number): void
}
