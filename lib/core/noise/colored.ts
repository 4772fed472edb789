/** Source of coloured noise: the Gaussian noise of the same key and channel, through a filter. */

import type { Kernels } from '../kernels.js'
import { BlockSource } from './blocks.js'
import type { ColorFilter } from './color.js'
import { gaussian } from './gaussian.js'
import { GeneratedSource } from './generated.js'
import { BLOCK_FRAMES, type NoiseContext } from './source.js'

/**
 * At the start of each block the filter begins at zero, and runs through the frames of the warm-up.
 * Before frame 0 these are the frames of the Gaussian noise's blocks -1, -2 and so on.
 */
export class ColoredSource extends BlockSource {
  readonly #white: GeneratedSource
  readonly #coefficients: Float64Array
  /** For each channel, the states of its stages. */
  readonly #states: readonly (readonly Float64Array[])[]
  readonly #room: Float32Array

  constructor(
    readonly filter: ColorFilter,
    context: NoiseContext,
    readonly kernels: Kernels,
  ) {
    super(context.channels, filter.blockFrames)
    this.#white = new GeneratedSource(gaussian, context, kernels)
    this.#coefficients = kernels.doubles(filter.coefficients.length)
    this.#coefficients.set(filter.coefficients)
    const lanes = (filter.coefficients.length - 1) / 2
    this.#states = Array.from({ length: context.channels }, () =>
      Array.from({ length: filter.stages }, () => kernels.doubles(lanes)),
    )
    this.#room = kernels.floats(BLOCK_FRAMES)
  }

  protected start(channel: number, block: number): void {
    for (const state of this.#states[channel]) state.fill(0)
    const first = block * this.blockFrames
    for (let frame = first - this.filter.warmUpFrames; frame < first; frame += BLOCK_FRAMES)
      this.next(channel, frame, this.#room, BLOCK_FRAMES)
  }

  protected next(channel: number, frame: number, out: Float32Array, frames: number): void {
    this.#white.fill(channel, frame, out, frames)
    for (const state of this.#states[channel]) this.kernels.filter(state, this.#coefficients, out, frames)
  }
}
