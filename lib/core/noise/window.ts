/**
 * Base of the sources that make all channels of some frames at once. The twin is
 * native/core/noise/window.cc.
 */

import type { NoiseSource } from './source.js'

/** Makes a window of frames, and gives its channels one after the other. */
export abstract class WindowSource implements NoiseSource {
  /** The frames that the window has. */
  #frame = Number.NaN
  #frames = 0
  /** The values of each channel, or of all if they hear the same. */
  protected window: readonly Float32Array[]

  constructor(protected readonly channels: number) {
    this.window = this.#windowOf(0)
  }

  #windowOf(frames: number): Float32Array[] {
    return Array.from({ length: this.channels }, () => new Float32Array(frames))
  }

  fill(channel: number, frame: number, out: Float32Array, frames: number): void {
    if (frame !== this.#frame || frames !== this.#frames) {
      if (frames > this.window[0].length) this.window = this.#windowOf(frames)
      this.#frame = Number.NaN
      this.load(frame, frames)
      this.#frame = frame
      this.#frames = frames
    }
    out.set(this.window[this.channels === 1 ? 0 : channel].subarray(0, frames))
  }

  /** Writes the frames from `frame` on to the window. */
  protected abstract load(frame: number, frames: number): void

  abstract close(): void
}
