/** The registry of noise kinds. A new kind is a file beside this one and a line in `noiseKinds`. */

import { Failure } from '../failure.js'
import { gaussian } from './gaussian.js'

/** Frames after which generator states are seeded afresh, so that noise has random access by block. */
export const BLOCK_FRAMES = 4096
/** `fill` works in whole multiples of this many frames: lanes times two. */
export const FILL_FRAMES = 32

/** 64 bits that stand for (stream version, seed, path, copy): see lib/plan/keys.ts. */
export interface FileKey {
  readonly low: number
  readonly high: number
}

/** One setting of a noise kind, from which checks, command-line flags and help are made. */
export interface NoiseParameter {
  readonly name: string
  readonly summary: string
  readonly unit: string
  readonly minimum: number
  readonly maximum: number
  readonly default: number
}

/**
 * A kind of noise: a pure function from (key, channel, frame) to samples of mean power 1,
 * produced block by block.
 */
export interface NoiseKind {
  readonly name: string
  readonly summary: string
  readonly parameters: readonly NoiseParameter[]
  /** 32-bit words of generator state for one channel. */
  readonly stateWords: number
  /**
   * Puts `state` at the first frame of a block.
   *
   * @param parameters values in the order of `this.parameters`
   */
  seed(state: Uint32Array, key: FileKey, channel: number, block: number, parameters: Float64Array): void
  /**
   * Writes the next `frames` values and moves `state` past them. All calls within a block but the last ask for
   * multiples of FILL_FRAMES; `out` has room for `frames` rounded up to one.
   */
  fill(state: Uint32Array, out: Float32Array, frames: number): void
}

export const noiseKinds: readonly NoiseKind[] = [gaussian]

/** The kind of this name. Throws Failure E_OPTION_INVALID where there is none. */
export function findKind(name: string): NoiseKind {
  const kind = noiseKinds.find((known) => known.name === name)
  if (kind === undefined) throw new Failure('E_OPTION_INVALID', `noise kind ${name}`)
  return kind
}
