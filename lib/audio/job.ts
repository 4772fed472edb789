/** The work of a transform on one file, as plain data, and its outcome. */

import type { EtlFigures, EtlJob, EtlWarning } from '../core/etl.js'
import type { FailureData } from '../core/failure.js'
import type { FilePath } from '../core/files.js'
import type { NoiseKey } from '../core/noise/keys.js'
import type { Noise } from '../core/noise/noise.js'
import type { CodecName } from '../core/wav/codecs.js'
import type { SampleFormatName } from '../core/wav/samples.js'

/** Samples that an item has itself, instead of the name of a file. */
export interface GivenSamples {
  readonly channels: readonly Float32Array[]
  readonly sampleRate: number
  readonly format: SampleFormatName
}

/** When noise is added: before the function is called, or to what it returned. */
export type Moment = 'before' | 'after'

/** Noise, and the file with the samples between noise and function. */
export interface PlacedNoise {
  readonly noise: Noise
  readonly file: FilePath
}

/** A job. `output` is empty if the samples are handed on. */
export interface TransformJob extends Omit<EtlJob, 'noise' | 'verify' | 'expected'> {
  readonly samples: GivenSamples | undefined
  /** Frames of a block; undefined for the whole file. */
  readonly blockFrames: number | undefined
  /** Path of the input and the key, as results show them. */
  readonly shown: { readonly input: string; readonly key: string }
  readonly copy: number
  /** Key of the random numbers. */
  readonly randomKey: NoiseKey
  readonly noise: Readonly<Partial<Record<Moment, PlacedNoise>>>
  /** Flag of a Cancellation: nothing is published once it is cancelled. */
  readonly cancelled?: Int32Array
}

export type TransformWarning = EtlWarning | 'W_ROUNDED' | 'W_METADATA_DROPPED'

/** Figures of a file whose job succeeded. */
export interface AudioFigures {
  /** Those of the output; in a dry run those of the input. */
  readonly format: SampleFormatName
  readonly channels: number
  readonly sampleRate: number
  readonly frames: number
  /** Codec of the input's samples; null if they are not coded. */
  readonly codec: CodecName | null
  readonly clipped: number
  /** Names of the chunks of the input that the output does not have. */
  readonly dropped: readonly string[]
  /** 0 if the item has samples. */
  readonly bytesIn: number
  /** Time of the input's last modification, in microseconds since 1970. */
  readonly modified: number
  /** Size of the output; 0 in a dry run, and if the samples are handed on. */
  readonly bytesOut: number
  readonly seconds: number
  readonly warnings: readonly TransformWarning[]
  /** Figures of the noise that was added. */
  readonly noise: Readonly<Partial<Record<Moment, EtlFigures>>>
}

/** Samples that are handed on instead of written. */
export interface HandedOn {
  readonly channels: Float32Array[]
  readonly sampleRate: number
}

export type TransformOutcome =
  | { readonly figures: AudioFigures; readonly audio?: HandedOn }
  | { readonly failure: FailureData }
