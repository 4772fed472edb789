/** What results report as asked. */

import type { ClipPolicy, SilentPolicy } from '../core/noise/noise.js'
import type { LayerSpec, RecordedNoise } from './layers.js'
import type { LevelOption, OutputLevelOption } from './levels.js'

/**
 * What the options ask for, apart from the kind of noise and the seed: `sigma`, `snr` or `dbfs`, whichever was given, or
 * `layers`, and each other option that does not have its default.
 *
 * @example
 * import { type Asked, addNoiseToFiles } from 'noisemill'
 *
 * const show = ({ snr, clip }: Asked) => `${snr} dB, ${clip ?? 'clamp'}`
 * for await (const r of addNoiseToFiles('speech/a.wav', { out: 'noisy', snr: 10, clip: 'scale' }))
 *   console.log(show(r.asked)) // -> 10 dB, scale
 */
export interface Asked {
  /** Standard deviation in full-scale units, or a range or list of standard deviations. */
  readonly sigma?: LevelOption
  /** Signal-to-noise ratio in decibels, or a range or list of ratios. */
  readonly snr?: LevelOption
  /** RMS of the noise in decibels of full scale, or a range or list of such levels. */
  readonly dbfs?: LevelOption
  /** The recordings that are the noise. */
  readonly noise?: RecordedNoise
  /** The layers, each with its name. */
  readonly layers?: readonly LayerSpec[]
  /** 'one' if one layer is drawn. */
  readonly pick?: 'one'
  /** 'each' if every SNR of a list has an output. */
  readonly snrMode?: 'each'
  /** 'active' if SNRs refer to the active speech level. */
  readonly snrReference?: 'active'
  /** true if the SNR of gaussian noise is exact. */
  readonly exactSnr?: true
  /** Level of the mixture, if it is not 'keep'. */
  readonly level?: OutputLevelOption
  /** What happens to values beyond full scale, if it is not 'clamp'. */
  readonly clip?: ClipPolicy
  /** Largest magnitude that `clip` 'scale' leaves, in full-scale units. */
  readonly ceiling?: number
  /** true if PCM gets dither. */
  readonly dither?: true
  /** What is done with silent files, if it is not 'copy'. */
  readonly silent?: SilentPolicy
}

type Placed = Pick<LayerSpec, 'noise'>

/** Leaves out where recordings lie, which decides no bytes: the hash of a bank says which files they are. */
export function withoutPlaces({ layers, ...asked }: Asked): Record<string, unknown> {
  return { ...withoutPlace(asked), ...(layers && { layers: layers.map(withoutPlace) }) }
}

function withoutPlace<Fields extends Placed>({ noise, ...others }: Fields): Record<string, unknown> {
  if (noise === undefined) return others
  const { from: _, ...settings } = noise
  return { ...others, noise: settings }
}
