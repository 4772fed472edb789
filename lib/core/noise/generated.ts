/**
 * Source of a generated kind of noise. It keeps a state for each channel and seeds it at the start
 * of each block.
 */

import type { Kernels } from '../kernels.js'
import { BlockSource } from './blocks.js'
import type { GeneratedKind } from './kind.js'
import type { NoiseContext } from './source.js'

export class GeneratedSource extends BlockSource {
  readonly #states: readonly Uint32Array[]
  readonly #parameters: Float64Array

  constructor(
    readonly kind: GeneratedKind,
    readonly context: NoiseContext,
    readonly kernels: Kernels,
  ) {
    super(context.channels, kind.blockFrames)
    this.#states = Array.from({ length: context.channels }, () => kernels.words(kind.stateWords))
    this.#parameters = kernels.doubles(context.parameters.length)
    this.#parameters.set(context.parameters)
  }

  protected start(channel: number, block: number): void {
    this.kind.seed(this.#states[channel], this.context, channel, block)
  }

  protected next(channel: number, _frame: number, out: Float32Array, frames: number): void {
    this.kernels.fill(this.kind, this.#states[channel], this.#parameters, out, frames)
  }
}
