/**
 * The passes that measure a signal and its noise, and what follows from them: the levels of all
 * layers, and the gain of the mixture. The twin is native/core/measuring.cc.
 */

import { type Activity, activityOf } from './activity.js'
import { Failure } from './failure.js'
import { firstEventAt } from './noise/bursts.js'
import {
  hasTakes,
  type Layer,
  type LayerLevel,
  measuresLayer,
  measuresSignal,
  type Noise,
  type Take,
} from './noise/noise.js'
import { type OpenBank, openBankFor, placementOf, REDRAWS, SILENT_POWER, silentNoise } from './noise/recorded.js'
import type { FileTally, PassSettings } from './transform.js'
import { refuseWarnings } from './wav/header.js'
import type { FrameLayout } from './wav/samples.js'

export type MeasuringWarning = 'W_NOISE_RATE' | 'W_NO_EVENTS' | 'W_SILENT' | 'W_NO_ACTIVITY'

/** Draws that are tried to find a file that no other take of a layer has. */
const MOST_DRAWS = 1000

/** What is measured in a pass. -1 as a layer stands for none, and as a take for the whole layer. */
interface Step {
  readonly layer: number
  readonly take: number
}

/** The figures of a layer. */
export interface LayerFigures {
  /** Nominal standard deviation of its noise before the gain, in full-scale units; for recordings, their RMS. */
  readonly deviation: number
  /** The pieces of recordings that are heard. */
  readonly pieces: readonly PieceFigures[]
}

/** A piece of a recording. */
export interface PieceFigures {
  /** Number of the file in the bank. */
  readonly file: number
  /** First frame of the recording that is heard. */
  readonly from: number
  /** Frame of the signal at which it is heard. */
  readonly at: number
}

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
  /** The open banks of layers, by their place. */
  readonly #banks: readonly (OpenBank | undefined)[]
  readonly #steps: readonly Step[]
  #step = 0
  /** Times that the take of this step was drawn again. */
  #redraws = 0
  /** Mean power of the signal, or its active level; the levels of SNRs refer to it. */
  #power = 0

  /** Throws Failure E_NOISE_BANK, E_NOISE_RATE, E_NOISE_CHANNELS or E_NOISE_FEW. */
  constructor(
    readonly noise: Noise,
    readonly layout: FrameLayout,
    readonly strict: boolean,
  ) {
    const { layers } = noise
    this.#banks = layers.map(({ recorded }) => recorded && openBankFor(recorded, layout))
    if (this.#banks.some((open) => open?.selection.isPartial)) this.warnings.push('W_NOISE_RATE')
    if (layers.some((_, i) => !this.#isHeard(i)) && layout.frames > 0) this.warnings.push('W_NO_EVENTS')
    this.#levels = layers.map((layer, i) => ({
      takes: this.#firstTakes(layer, this.#banks[i]),
      sigma: layer.level.deviation,
      deviation: this.#isHeard(i) ? layer.level.deviation : 0,
    }))
    const steps = layers.flatMap((layer, i) => (measuresLayer(layer) ? this.#stepsOf(i) : []))
    this.#steps = steps.length === 0 && measuresSignal(noise) ? [{ layer: -1, take: -1 }] : steps
  }

  /** Whether a layer is heard. Its first event may begin after the end of the signal. */
  #isHeard(layer: number): boolean {
    const { recorded, key } = this.noise.layers[layer]
    if (recorded?.gap === undefined) return true
    return firstEventAt(recorded, this.#banks[layer]!, key, this.layout) < this.layout.frames
  }

  #stepsOf(layer: number): Step[] {
    const { takes } = this.#levels[layer]
    const single = takes.length > 1 ? takes.map((_, take) => ({ layer, take })) : []
    return [...single, { layer, take: -1 }]
  }

  /** Draws the takes of a layer: different files. */
  #firstTakes(layer: Layer, open: OpenBank | undefined): Take[] {
    const takes: Take[] = []
    if (open === undefined || !hasTakes(layer)) return takes
    const { voices } = layer.recorded!
    if (open.selection.count < voices)
      throw new Failure('E_NOISE_FEW', `${voices} voices, but only ${open.selection.count} noise files that fit`)
    for (let draw = 0; takes.length < voices; draw++) {
      draw = this.#nextDraw(layer, open, draw, takes)
      takes.push({ draw, gain: 1 })
    }
    return takes
  }

  /** Returns the first draw from `draw` on whose file no take of `others` has. */
  #nextDraw(layer: Layer, { selection }: OpenBank, draw: number, others: readonly Take[]): number {
    const fileOf = (n: number) => selection.draw(layer.key, n, layer.recorded!.balance)
    const taken = others.map((take) => fileOf(take.draw))
    for (let n = draw; n < draw + MOST_DRAWS; n++) if (!taken.includes(fileOf(n))) return n
    throw new Failure('E_NOISE_FEW', `${MOST_DRAWS} draws gave no other noise file`)
  }

  /** Returns the figures of the layers; none if the only one is generated. */
  figures(): LayerFigures[] {
    const { layers } = this.noise
    if (layers.length === 1 && layers[0].recorded === undefined) return []
    return layers.map((layer, i) => {
      const { takes, deviation } = this.#levels[i]
      const pieces = takes.map(({ draw }) => {
        const { file, from, at } = placementOf(layer.recorded!, this.#banks[i]!, layer.key, draw, this.layout)
        return { file, from, at }
      })
      return { deviation, pieces }
    })
  }

  /** The levels of all layers, once there is no further pass. */
  get levels(): readonly LayerLevel[] {
    return this.#levels
  }

  get #isFirst(): boolean {
    return this.#step === 0 && this.#redraws === 0
  }

  /** Returns the next pass; undefined if all levels are known. */
  next(): PassSettings | undefined {
    if (this.isOmitted || this.#step === this.#steps.length) return undefined
    const { layer, take } = this.#steps[this.#step]
    // The signal is the same in each pass.
    const activity = this.#isFirst && this.noise.mixing.reference === 'active' && measuresSignal(this.noise)
    return { pass: 'measure', measured: layer, take, activity, levels: this.#levels, gain: 1 }
  }

  /**
   * Ends a pass. Throws Failure E_SIGNAL_POWER, E_SIGNAL_SILENT, E_NOISE_SILENT, E_NOISE_FEW or E_WAV_STRICT.
   *
   * @param tally that of the pass
   */
  end(tally: FileTally): void {
    const finite = this.layout.frames * this.layout.channels - tally.nonFinite
    if (this.#isFirst && measuresSignal(this.noise)) this.#endSignal(tally, finite)
    const step = this.#steps[this.#step]
    if (step.layer >= 0 && !this.#endNoise(step, tally, finite)) return
    this.#step++
    this.#redraws = 0
  }

  /** Takes what a pass says of noise. Returns false if a take was silent, and another one is to be measured. */
  #endNoise({ layer, take }: Step, tally: FileTally, finite: number): boolean {
    const { takes } = this.#levels[layer]
    const isTake = take >= 0 || takes.length === 1
    const power =
      finite === 0 ? 0 : (tally.noise / finite) * (isTake ? this.#lengthsOfTake(layer, Math.max(0, take)) : 1)
    if (isTake && power < SILENT_POWER && finite > 0) {
      this.#redraw(layer, Math.max(0, take))
      return false
    }
    if (take < 0) this.#setLevel(layer, power)
    else this.#setTake(layer, take, { ...takes[take], gain: power === 0 ? 0 : 1 / Math.sqrt(power) })
    return true
  }

  /** How many times as long as a take the signal is. The power of a take is that of the frames in which it is heard. */
  #lengthsOfTake(layer: number, take: number): number {
    const { recorded, key } = this.noise.layers[layer]
    const { draw } = this.#levels[layer].takes[take]
    return this.layout.frames / placementOf(recorded!, this.#banks[layer]!, key, draw, this.layout).frames
  }

  #redraw(layer: number, take: number): void {
    if (this.#redraws++ === REDRAWS) throw silentNoise()
    const { takes } = this.#levels[layer]
    const others = takes.filter((_, i) => i !== take)
    const draw = this.#nextDraw(this.noise.layers[layer], this.#banks[layer]!, takes[take].draw + 1, others)
    this.#setTake(layer, take, { draw, gain: 1 })
  }

  #setTake(layer: number, take: number, changed: Take): void {
    const level = this.#levels[layer]
    this.#levels[layer] = { ...level, takes: level.takes.map((old, i) => (i === take ? changed : old)) }
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
    for (const [i, { level }] of layers.entries()) if (level.kind === 'snr') this.#setLevel(i, 1)
  }

  /** Sets the level of a layer from the power of its noise. */
  #setLevel(layer: number, noisePower: number): void {
    const { level, recorded } = this.noise.layers[layer]
    const rms = level.kind === 'snr' ? Math.sqrt(this.#power) * level.deviation : level.deviation
    const sigma = rms === 0 || noisePower === 0 ? 0 : rms / Math.sqrt(noisePower)
    // The sum of several layers is in float32 for all formats.
    const isSum = this.noise.layers.length > 1
    const used = this.layout.format.wide && !isSum ? sigma : Math.fround(sigma)
    if (!Number.isFinite(used) || (isSum && used === 0 && sigma > 0))
      throw new Failure('E_SIGNAL_POWER', 'the noise would be beyond what the format can hold')
    const deviation = recorded === undefined ? sigma : this.#isHeard(layer) ? rms : 0
    this.#levels[layer] = { ...this.#levels[layer], sigma, deviation }
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
