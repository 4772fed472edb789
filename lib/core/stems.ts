/** Makes the stems of a mixture: the clean signal at the mixture's scale, and the noise. The twin is native/core/stems.cc. */

import type { Kernels } from './kernels.js'
import { pieceFrames } from './transform.js'
import { type FrameLayout, type SampleValues, sampleScratch, swapBytes } from './wav/samples.js'

/** From this magnitude on, every float64 is an integer, so that adding and subtracting it rounds half to even. */
const INTEGERS = 2 ** 52
/** The largest finite float32. */
const MAX_32 = (2 - 2 ** -23) * 2 ** 127
const fround = Math.fround

/**
 * A stem of a mixture: the clean signal at the mixture's scale, or the noise. Each has a file of its own.
 *
 * @example
 * import { addNoiseToFiles, type StemName } from 'noisemill'
 *
 * const stems: StemName[] = ['clean', 'noise']
 * for await (const r of addNoiseToFiles('speech/a.wav', { out: 'out', snr: 10, stems }))
 *   console.log(r.output, ...stems.map((name) => r.stems?.[name]))
 * // -> out/noisy/a.wav out/clean/a.wav out/noise/a.wav
 */
export type StemName = 'clean' | 'noise'

/** The names of stems, in the order in which their files get their final names. */
export const stemNames: readonly StemName[] = ['clean', 'noise']

/** What is known for some stems, or for all. */
export type ByStem<Value> = { readonly [Name in StemName]?: Value }

/**
 * Makes the stems of a mixture from the samples before and after a pass that writes: clean = gain x, and noise = mixture -
 * clean. docs/numerics.md specifies the arithmetic.
 */
export class StemMaker {
  /** Number of values that the format cannot hold. */
  unfit = 0
  readonly #pieceBytes: number
  readonly #cleanScratch: SampleValues
  readonly #noiseScratch: SampleValues

  constructor(
    readonly layout: FrameLayout,
    /** Factor of the mixture. */
    readonly gain: number,
    readonly kernels: Kernels,
  ) {
    const samples = pieceFrames(layout.channels) * layout.channels
    this.#pieceBytes = samples * layout.format.bytes
    this.#cleanScratch = sampleScratch(layout.format, samples, kernels)
    this.#noiseScratch = sampleScratch(layout.format, samples, kernels)
  }

  /**
   * Makes the stems of whole frames. All bytes are aligned like those of `FrameWalk.run`.
   *
   * @param clean the samples of the input; becomes the clean stem
   * @param noise the samples of the mixture; becomes the noise
   */
  make(clean: Uint8Array, noise: Uint8Array): void {
    for (let at = 0; at < clean.length; at += this.#pieceBytes)
      this.#piece(clean.subarray(at, at + this.#pieceBytes), noise.subarray(at, at + this.#pieceBytes))
  }

  #piece(clean: Uint8Array, noise: Uint8Array): void {
    const { layout, gain, kernels } = this
    const { format, bigEndian } = layout
    const count = clean.length / format.bytes
    if (bigEndian) {
      swapBytes(format, clean)
      swapBytes(format, noise)
    }
    const signal = kernels.decode(format, clean, count, this.#cleanScratch)
    // Otherwise the signal keeps all its bits, those of padding and of NaNs included.
    if (gain !== 1) {
      this.unfit += scale(signal, count, layout, gain)
      kernels.encode(format, signal, clean, count)
    }
    const rest = kernels.decode(format, noise, count, this.#noiseScratch)
    this.unfit += subtract(rest, signal, count, layout)
    kernels.encode(format, rest, noise, count)
    if (bigEndian) {
      swapBytes(format, clean)
      swapBytes(format, noise)
    }
  }
}

/**
 * Scales a signal in place, as mixing scales it. Returns how many values the format cannot hold; 0 takes their place.
 * There is one loop for each precision, because one for both takes several times as long.
 */
function scale(values: SampleValues, count: number, layout: FrameLayout, gain: number): number {
  return values instanceof Float32Array
    ? scaleFloat32(values, count, layout, fround(gain))
    : scaleFloat64(values, count, layout, gain)
}

function scaleFloat32(values: Float32Array, count: number, { format, validBits }: FrameLayout, gain: number): number {
  const { float } = format
  const steps = 2 ** (validBits - 1)
  const [low, high] = float ? [-MAX_32, MAX_32] : [-1, (steps - 1) / steps]
  let unfit = 0
  for (let i = 0; i < count; i++) {
    const x = values[i]
    if (!Number.isFinite(x)) continue
    let c = fround(x * gain)
    if (!float) c = fround(roundHalfEven(c * steps) / steps)
    if (c < low || c > high) {
      c = 0
      unfit++
    }
    values[i] = c
  }
  return unfit
}

function scaleFloat64(values: Float64Array, count: number, { format, validBits }: FrameLayout, gain: number): number {
  const { float } = format
  const steps = 2 ** (validBits - 1)
  const [low, high] = float ? [-Number.MAX_VALUE, Number.MAX_VALUE] : [-1, (steps - 1) / steps]
  let unfit = 0
  for (let i = 0; i < count; i++) {
    const x = values[i]
    if (!Number.isFinite(x)) continue
    let c = x * gain
    if (!float) c = roundHalfEven(c * steps) / steps
    if (c < low || c > high) {
      c = 0
      unfit++
    }
    values[i] = c
  }
  return unfit
}

/**
 * Subtracts the clean signal from the mixture, in place. The difference is 0 where the signal is not finite. Returns how
 * many differences the format cannot hold; 0 takes their place.
 */
function subtract(mixture: SampleValues, clean: SampleValues, count: number, { format }: FrameLayout): number {
  const { float, wide } = format
  let unfit = 0
  for (let i = 0; i < count; i++) {
    const c = clean[i]
    const difference = wide ? mixture[i] - c : fround(mixture[i] - c)
    const isFit = float ? Number.isFinite(difference) : difference >= -1 && difference < 1
    mixture[i] = isFit ? difference : 0
    if (!isFit && Number.isFinite(c)) unfit++
  }
  return unfit
}

function roundHalfEven(v: number): number {
  const magic = v < 0 ? -INTEGERS : INTEGERS
  return Math.abs(v) < INTEGERS ? v + magic - magic : v
}
