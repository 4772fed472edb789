/** Loads the addon, or says why it cannot be. */

import { createRequire } from 'node:module'
import type { EtlWarning } from '../core/etl.js'
import type { SliceJob } from '../core/slice.js'
import type { PartTally } from '../core/transform.js'
import type { SampleFormatName } from '../core/wav/samples.js'
import { NoisemillError } from '../errors.js'
import { packageFolder } from '../places.js'

/** A flag of native memory; see `createCancel`. */
export type NativeCancel = { readonly __brand: 'NativeCancel' }

/** Threads that take jobs from one queue; see `createCrew`. */
export type NativeCrew = { readonly __brand: 'NativeCrew' }

/** errno is a number, negative as in libuv, 0 for none. */
export interface NativeFailure {
  readonly code: string
  readonly detail: string
  readonly errno: number
}

/** File jobs in few values: each that crosses costs about as much as a small file's header. See `pack` in native.ts. */
export interface PackedJobs {
  readonly count: number
  /** Input, output, temporary name and kind of each job, as bytes that end with a NUL. */
  readonly texts: Uint8Array
  /** Of each job: overwrite, fsync, dryRun, strict, clip, whether the level is an SNR (0 or 1 each), level, the key's low and high, the number of parameters, these. */
  readonly numbers: Float64Array
}

export interface DecodedSamples {
  readonly format: SampleFormatName
  readonly channels: number
  readonly sampleRate: number
  readonly samples: Float64Array
}

/** Jobs of one batch share a flag and are told by their index, in the order in which they end. */
type RunJobs<Jobs, Outcome> = (
  crew: NativeCrew,
  jobs: Jobs,
  flag: NativeCancel,
  onSettled: (index: number, outcome: Outcome | NativeFailure) => void,
) => Promise<number>

/** What native/batch.cc and native/kernel_exports.cc export. */
export interface Addon {
  /** In the order of their bits in figures. */
  readonly warnings: readonly EtlWarning[]
  /** Those that this machine can run, the best one first; that one is used until another is chosen. */
  instructionSets(): string[]
  /** Uses another for all work from then on, in the whole process. False if there is no such here. */
  useInstructionSet(name: string): boolean
  /** Noise of one channel from a block on, for tests and benchmarks; fills the whole blocks of `out`. */
  fillNoise(kind: string, keyLow: number, keyHigh: number, channel: number, block: number, out: Float32Array): void
  /** The samples of a file as float64, for tests; see decodeFile in core/decode.ts. */
  decodeSamples(path: string): DecodedSamples | Pick<NativeFailure, 'code' | 'detail'>
  /** How many threads of the libuv pool are seen at work at the same time, up to `most`. Takes up to some milliseconds. */
  measureLibuvPool(most: number): number
  /**
   * Threads that work on batches, `size` at most at a time: of the libuv pool as long as no more than `libuvLimit` of those are
   * taken in the whole process, else its own. All are there only while there is work.
   */
  createCrew(size: number, libuvLimit: number): NativeCrew
  /** Gives the work that waits for threads of the libuv pool which have not come yet to threads of its own. */
  relieveCrew(crew: NativeCrew): void
  /** Ends what it has begun, drops the rest and waits for threads of its own. Nothing is told any more. */
  closeCrew(crew: NativeCrew): void
  createCancel(): NativeCancel
  cancel(crew: NativeCrew, flag: NativeCancel): void
  /**
   * Resolves after the last job, to the milliseconds that all of them took on their threads. An outcome is the figures of EtlFigures in
   * their order: the format by its number, warnings as bits.
   */
  runFiles: RunJobs<PackedJobs, Float64Array>
  /** Works in the memory of the jobs, which must stay where it is until then. */
  runSlices: RunJobs<readonly SliceJob[], PartTally>
}

export type LoadedAddon = { readonly addon: Addon } | { readonly reason: string }

let loaded: LoadedAddon | undefined

/**
 * The instruction set that the addon computes with: the best there is, or the one that NOISEMILL_ISA forces. Throws
 * NoisemillError E_ISA_UNAVAILABLE where that cannot be had.
 */
export function chooseInstructionSet(addon: Addon): string {
  const known = addon.instructionSets()
  const forced = process.env.NOISEMILL_ISA
  if (forced === undefined || forced === '') return known[0]
  if (addon.useInstructionSet(forced)) return forced
  throw new NoisemillError('E_ISA_UNAVAILABLE', {
    option: 'NOISEMILL_ISA',
    expected: `one of ${known.join(', ')}`,
    received: forced,
  })
}

/** The addon, loaded at the first call, or the reason why there is none. */
export function loadAddon(): LoadedAddon {
  loaded ??= load()
  return loaded
}

function load(): LoadedAddon {
  if (process.env.NOISEMILL_NO_NATIVE) return { reason: 'NOISEMILL_NO_NATIVE is set' }
  const require = createRequire(import.meta.url)
  try {
    const loadFrom = require('node-gyp-build') as (folder: string) => Addon
    return { addon: loadFrom(packageFolder) }
  } catch (error) {
    // Its first line says what is wrong; the rest lists what was looked for.
    return { reason: (error as Error).message.split('\n')[0].replaceAll(packageFolder, './') }
  }
}
