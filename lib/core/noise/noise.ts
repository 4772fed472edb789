/**
 * The noise that a job adds, as one value in jobs on files and on slices, and the sources that it
 * describes.
 */

import { Failure } from '../failure.js'
import type { Kernels } from '../kernels.js'
import { BurstSource } from './bursts.js'
import { checkLow, colorFilter } from './color.js'
import { ColoredSource } from './colored.js'
import { dither } from './dither.js'
import { GeneratedSource } from './generated.js'
import type { NoiseKey } from './keys.js'
import { findKind, isGenerated } from './kinds.js'
import { openBankFor, placementOf, type Recorded, RecordedSource } from './recorded.js'
import { BLOCK_FRAMES, type NoiseSource, type SignalShape } from './source.js'
import { SumSource } from './sum.js'

const NO_PARAMETERS = new Float64Array()

/**
 * Level of the noise. `deviation` is its standard deviation: in full-scale units if `kind` is
 * 'sigma', as a multiple of the signal's RMS if it is 'snr'.
 */
export interface NoiseLevel {
  readonly kind: 'sigma' | 'snr'
  readonly deviation: number
}

/**
 * What an SNR refers to: 'rms', the mean power of the signal, or 'active', its active speech level by ITU-T P.56, which
 * leaves out pauses.
 *
 * @example
 * import { addNoise, type SnrReference } from 'noisemill'
 *
 * // Half of it is a pause, so its active level is higher than its mean level.
 * const speech = Float32Array.from({ length: 64_000 }, (_, n) => (n < 32_000 ? 0.5 * Math.sin(n / 5) : 0))
 * const snrReference: SnrReference = 'active'
 * const options = { snr: 10, snrReference, sampleRate: 16_000 }
 * await addNoise(speech, { ...options, onFigures: ({ activity }) => console.log(activity?.toFixed(1)) }) // -> 0.6
 */
export type SnrReference = 'rms' | 'active'

/** The references, in the order of native/core/noise/noise.h. */
export const snrReferences: readonly SnrReference[] = ['rms', 'active']

/** How the level of a mixture is set: not at all, by its RMS, or by its largest magnitude. */
export const outputLevels = ['keep', 'rms', 'peak'] as const
export type OutputLevelKind = (typeof outputLevels)[number]

/** Level of the mixture. `target` is its RMS or largest magnitude in full-scale units. */
export interface OutputLevel {
  readonly kind: OutputLevelKind
  readonly target: number
}

/**
 * What happens to values beyond full scale:
 *
 * - 'clamp': they become the nearest value in range
 * - 'scale': the whole mixture is lowered by one gain, so that its largest magnitude is the
 *   `ceiling`; a mixture below the ceiling stays as it is
 * - 'error': the output fails (E_CLIPPED)
 * - 'none': float formats keep them; PCM, which cannot, is clamped
 *
 * @example
 * import { addNoise, type ClipPolicy } from 'noisemill'
 *
 * const loud = new Float32Array(1000).fill(0.9)
 * const peak = (samples: Float32Array) => Math.max(...samples.map(Math.abs)).toFixed(2)
 * for (const clip of ['clamp', 'scale', 'none'] satisfies ClipPolicy[])
 *   console.log(clip, peak(await addNoise(loud, { sigma: 0.5, seed: 1, clip })))
 * // -> clamp 1.00
 * // -> scale 0.99
 * // -> none 2.55
 */
export type ClipPolicy = 'clamp' | 'scale' | 'error' | 'none'

/** The policies, in the order of native/core/noise/noise.h. */
export const clipPolicies: readonly ClipPolicy[] = ['clamp', 'scale', 'error', 'none']

/**
 * What is done with a silent file, which has no SNR: 'copy' writes it without noise, 'skip' writes
 * nothing, 'error' makes it fail (E_SIGNAL_SILENT).
 *
 * @example
 * import { addNoise, NoisemillError, type SilentPolicy } from 'noisemill'
 *
 * const silent: SilentPolicy = 'error'
 * try {
 *   await addNoise(new Float32Array(1000), { snr: 10, silent })
 * } catch (error) {
 *   if (error instanceof NoisemillError) console.log(error.code) // -> E_SIGNAL_SILENT
 * }
 */
export type SilentPolicy = 'copy' | 'skip' | 'error'

/** The policies, in the order of native/core/noise/noise.h. */
export const silentPolicies: readonly SilentPolicy[] = ['copy', 'skip', 'error']

/** How noise is mixed with signals: what all outputs of a task have in common. */
export interface Mixing {
  readonly reference: SnrReference
  readonly clip: ClipPolicy
  /** Largest magnitude that `clip: 'scale'` leaves, in full-scale units. */
  readonly ceiling: number
  /** Whether samples of PCM get dither before they are rounded. */
  readonly dither: boolean
  readonly silent: SilentPolicy
}

/** One noise of an output, as plain data that crosses threads. Its level is drawn. */
export interface Layer {
  /** How the noise is made of recordings; undefined if it is generated. */
  readonly recorded: Recorded | undefined
  /** Name of the kind; see kinds.ts. Without meaning for recordings. */
  readonly kind: string
  /** Values of the kind's parameters, in the order of its declaration. */
  readonly parameters: Float64Array
  readonly key: NoiseKey
  readonly level: NoiseLevel
  /** Whether an SNR refers to the power of the noise that is added, instead of its nominal power. */
  readonly exact: boolean
}

/**
 * The noise of a job, as plain data that crosses threads. Options are already checked and all levels
 * are drawn. The twin is native/core/noise/noise.h.
 */
export interface Noise {
  /** Key of the output. Its dither follows from it. */
  readonly key: NoiseKey
  /** The layers that are added up. */
  readonly layers: readonly Layer[]
  readonly output: OutputLevel
  readonly mixing: Mixing
}

/**
 * What a layer of noise got from the passes that measure. A backend passes it on unchanged; its fields may change with any
 * version.
 *
 * @example
 * import { addNoise, type Backend, createBackend, type LayerLevel, Pool } from 'noisemill'
 *
 * const show = ({ sigma }: LayerLevel) => sigma.toFixed(2)
 * const inner = createBackend({ size: 1 })
 * const backend: Backend = {
 *   ...inner,
 *   name: 'logging',
 *   execute(chunk) {
 *     if (chunk.kind === 'slices') console.log(chunk.jobs.map(({ levels }) => levels.map(show).join()).join())
 *     return inner.execute(chunk)
 *   },
 * }
 * await using pool = new Pool({ backend })
 * await addNoise(new Int16Array(1000), { sigma: 0.1, pool }) // -> 0.10
 */
export interface LayerLevel {
  /** The pieces of recordings that are added up; empty if the noise is generated, or consists of events. */
  readonly takes: readonly {
    /** Number of the draw of its file and position. */
    readonly draw: number
    /** Factor of its samples within the layer. */
    readonly gain: number
  }[]
  /** Factor of the values of its source. */
  readonly sigma: number
  /** Nominal standard deviation of the noise before the gain, in full-scale units. */
  readonly deviation: number
}

/** A piece of a recording that a layer uses. */
export type Take = LayerLevel['takes'][number]

const isSnr = ({ level }: Layer) => level.kind === 'snr'

/** Whether the signal must be measured before the levels of all layers are known. */
export const measuresSignal = ({ layers }: Noise): boolean => layers.some(isSnr)

/** Whether a layer plays recordings without gaps. */
export const hasTakes = ({ recorded }: Layer): boolean => recorded !== undefined && recorded.gap === undefined

/** Whether the noise of a layer must be measured before its level is known. */
export const measuresLayer = (layer: Layer): boolean =>
  layer.recorded === undefined ? isSnr(layer) && layer.exact : hasTakes(layer)

/** Whether the mixture must be measured before its gain is known. */
export const surveysMixture = ({ output, mixing }: Noise): boolean => output.kind !== 'keep' || mixing.clip === 'scale'

/**
 * Checks the noise of a job that may not come from checked options. Throws Failure
 * E_OPTION_INVALID. Native core trusts its callers, so jobs are checked before they cross to it.
 */
export function checkNoise({ layers }: Noise): void {
  for (const layer of layers) checkParameters(layer)
}

function checkParameters({ kind, parameters, recorded }: Layer): void {
  if (recorded !== undefined) return
  const declared = findKind(kind).parameters
  if (parameters.length !== declared.length)
    throw new Failure(
      'E_OPTION_INVALID',
      `${parameters.length} parameters of the noise kind ${kind}, which has ${declared.length}`,
    )
  for (const [i, { name, minimum, maximum }] of declared.entries()) {
    const value = parameters[i]
    if (!(value >= minimum && value <= maximum)) throw new Failure('E_OPTION_INVALID', `${name} ${value}`)
  }
}

/** Opens the source of the dither for a signal: values between -1 and 1, in steps of a PCM format. */
export function openDither({ key }: Noise, signal: SignalShape, kernels: Kernels): NoiseSource {
  const { channels, sampleRate, frames } = signal
  return new GeneratedSource(dither, { key, parameters: NO_PARAMETERS, channels, sampleRate, frames }, kernels)
}

/** What generated noise depends on, apart from the signal. */
type LayerSource = Pick<Layer, 'kind' | 'parameters' | 'key'>

const lowOf = ({ parameters }: LayerSource) => parameters[parameters.length - 1]

function checkLayerRate(layer: LayerSource, sampleRate: number): void {
  if (!isGenerated(findKind(layer.kind))) checkLow(lowOf(layer), sampleRate)
}

/**
 * Throws Failure E_NOISE_LOW if the noise is not possible at this sample rate, and E_OPTION_INVALID
 * if a kind does not exist.
 */
export function checkSampleRate({ layers }: Noise, sampleRate: number): void {
  for (const layer of layers) if (layer.recorded === undefined) checkLayerRate(layer, sampleRate)
}

/**
 * Returns the frames of the blocks at which threads should start: starting in the middle of one costs the noise from its
 * beginning on. Throws what checkSampleRate throws.
 */
export function startFrames(noise: Noise, sampleRate: number): number {
  checkSampleRate(noise, sampleRate)
  return Math.max(BLOCK_FRAMES, ...noise.layers.map((layer) => blockFramesOf(layer, sampleRate)))
}

function blockFramesOf(layer: Layer, sampleRate: number): number {
  if (layer.recorded !== undefined) return BLOCK_FRAMES
  const kind = findKind(layer.kind)
  if (isGenerated(kind)) return kind.blockFrames
  return colorFilter(kind.slope ?? layer.parameters[0], lowOf(layer), sampleRate).blockFrames
}

/** Opens the source of generated noise for a signal. Throws what checkSampleRate throws. */
export function openGenerated(layer: LayerSource, signal: SignalShape, kernels: Kernels): NoiseSource {
  const { channels, sampleRate, frames } = signal
  checkLayerRate(layer, sampleRate)
  const kind = findKind(layer.kind)
  const context = { key: layer.key, parameters: layer.parameters, channels, sampleRate, frames }
  if (isGenerated(kind)) return new GeneratedSource(kind, context, kernels)
  const slope = kind.slope ?? layer.parameters[0]
  return new ColoredSource(colorFilter(slope, lowOf(layer), sampleRate), context, kernels)
}

/**
 * Opens the source of a layer for a signal, or that of one of its takes alone.
 *
 * @param take number of the take; -1 for the whole layer
 */
export function openLayer(
  layer: Layer,
  level: LayerLevel,
  take: number,
  signal: SignalShape,
  kernels: Kernels,
): NoiseSource {
  const { recorded, key } = layer
  if (recorded === undefined) return openGenerated(layer, signal, kernels)
  const open = openBankFor(recorded, signal)
  if (!hasTakes(layer)) return new BurstSource(recorded, open, key, signal)
  const { bank } = open
  const openTake = ({ draw }: Take) =>
    new RecordedSource(placementOf(recorded, open, key, draw, signal), bank, recorded, signal)
  const { takes } = level
  if (take >= 0) return openTake(takes[take])
  if (takes.length === 1) return openTake(takes[0])
  return SumSource.of(takes, (one) => ({ source: openTake(one), sigma: one.gain }), kernels)
}

/** Noise that is ready to be added: a source, and the factor of its values. */
export interface OpenNoise {
  readonly source: NoiseSource
  readonly sigma: number
}

/**
 * Opens the sum of all layers for a signal. A single layer is its own sum, so that its factor keeps the precision of the
 * signal's format.
 */
export function openNoise(
  { layers }: Noise,
  levels: readonly LayerLevel[],
  signal: SignalShape,
  kernels: Kernels,
): OpenNoise {
  const open = (layer: Layer, i: number) => ({
    source: openLayer(layer, levels[i], -1, signal, kernels),
    sigma: levels[i].sigma,
  })
  return layers.length === 1 ? open(layers[0], 0) : { source: SumSource.of(layers, open, kernels), sigma: 1 }
}
