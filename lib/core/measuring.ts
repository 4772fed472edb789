/**
 * The passes that measure a signal and its noise, and what follows from them: the levels of all
 * layers, and the gain of the mixture. The twin is native/core/measuring.cc.
 */

import { type Activity, activityOf } from './activity.js'
import { Failure } from './failure.js'
import { type LayerLevel, measuresLayer, measuresSignal, type Noise } from './noise/noise.js'
import type { FileTally, PassSettings } from './transform.js'
import { refuseWarnings } from './wav/header.js'
import type { FrameLayout } from './wav/samples.js'

export type MeasuringWarning = 'W_SILENT' | 'W_NO_ACTIVITY'

/**
 * Chooses the passes that measure, and sets the levels of all layers by their tallies. While `next`
 * returns a pass, walk it and call `end`.
 */
export class Measuring {
  readonly warnings: MeasuringWarning[] = []
  /** Whether the output is not to be written, because the signal is silent. */
  isOmitted = false
  activity: Activity | undefined
  readonly #levels: LayerLevel[]
  /** The layers whose noise is measured, in their order. A pass that measures no noise has -1. */
  readonly #steps: readonly number[]
  #step = 0
  /** Mean power of the signal, or its active level; the levels of SNRs refer to it. */
  #power = 0

  constructor(
    readonly noise: Noise,
    readonly layout: FrameLayout,
    readonly strict: boolean,
  ) {
    const { layers } = noise
    this.#levels = layers.map(({ level }) => ({ sigma: level.deviation, deviation: level.deviation }))
    const measured = layers.flatMap((layer, i) => (measuresLayer(layer) ? [i] : []))
    this.#steps = measured.length === 0 && measuresSignal(noise) ? [-1] : measured
  }

  /** The levels of all layers, once there is no further pass. */
  get levels(): readonly LayerLevel[] {
    return this.#levels
  }

  /** Returns the next pass; undefined if all levels are known. */
  next(): PassSettings | undefined {
    if (this.isOmitted || this.#step === this.#steps.length) return undefined
    return { pass: 'measure', measured: this.#steps[this.#step], levels: this.#levels, gain: 1 }
  }

  /**
   * Ends a pass. Throws Failure E_SIGNAL_POWER, E_SIGNAL_SILENT or E_WAV_STRICT.
   *
   * @param tally that of the pass
   */
  end(tally: FileTally): void {
    const finite = this.layout.frames * this.layout.channels - tally.nonFinite
    if (this.#step === 0) this.#endSignal(tally, finite)
    const layer = this.#steps[this.#step++]
    if (layer >= 0) this.#setLevel(layer, finite === 0 ? 0 : tally.noise / finite)
  }

  /** Takes what the first pass says of the signal, and sets the levels of the layers that need nothing else. */
  #endSignal(tally: FileTally, finite: number): void {
    const { mixing, layers } = this.noise
    const { frames } = this.layout
    const mean = finite === 0 ? 0 : tally.signal / finite
    if (!Number.isFinite(mean)) throw new Failure('E_SIGNAL_POWER', 'the sum of the squared samples overflows')
    const isSilent = mean === 0 && frames > 0
    if (isSilent && mixing.silent === 'error') throw new Failure('E_SIGNAL_SILENT')
    const activity = tally.activity && frames > 0 ? activityOf(tally.activity, frames) : undefined
    const isUnknown = activity?.factor === null
    if (isUnknown && this.strict) refuseWarnings(['W_NO_ACTIVITY'])
    if (isUnknown) this.warnings.push('W_NO_ACTIVITY')
    if (isSilent) this.warnings.push('W_SILENT')
    this.isOmitted = isSilent && mixing.silent === 'skip'
    this.activity = activity
    this.#power = activity?.power ?? mean
    for (const [i, layer] of layers.entries()) if (layer.level.kind === 'snr') this.#setLevel(i, 1)
  }

  /** Sets the level of a layer, whose SNR refers to the power of the signal, from the power of its noise. */
  #setLevel(layer: number, noisePower: number): void {
    const rms = Math.sqrt(this.#power) * this.noise.layers[layer].level.deviation
    const sigma = rms === 0 ? 0 : rms / Math.sqrt(noisePower)
    if (!Number.isFinite(this.layout.format.wide ? sigma : Math.fround(sigma)))
      throw new Failure('E_SIGNAL_POWER', 'the noise would be beyond what the format can hold')
    this.#levels[layer] = { sigma, deviation: sigma }
  }
}

/** Returns the nominal standard deviation of the sum of layers, which are independent. */
export function totalDeviation(levels: readonly LayerLevel[]): number {
  if (levels.length === 1) return levels[0].deviation
  return Math.sqrt(levels.reduce((sum, { deviation }) => sum + deviation * deviation, 0))
}

/**
 * Returns the gain that brings the mixture to its level, and below the ceiling if clipping scales.
 * Throws Failure E_SIGNAL_POWER.
 *
 * @param tally that of the pass 'survey'
 */
export function gainOf({ output, mixing }: Noise, tally: FileTally, layout: FrameLayout): number {
  const { mixture, peak, nonFinite } = tally
  if (peak === 0) return 1
  const finite = layout.frames * layout.channels - nonFinite
  const present = output.kind === 'rms' ? Math.sqrt(mixture / finite) : peak
  const gain = output.kind === 'keep' ? 1 : output.target / present
  const lowered = mixing.clip === 'scale' && peak * gain > mixing.ceiling ? mixing.ceiling / peak : gain
  // Smaller gains than the normal numbers of the format are not exact.
  const [used, least] = layout.format.wide ? [lowered, 2 ** -1022] : [Math.fround(lowered), 2 ** -126]
  if (!(used >= least && used < Number.POSITIVE_INFINITY))
    throw new Failure('E_SIGNAL_POWER', 'the mixture would need a gain beyond what can be computed')
  return lowered
}
