/** Loads the addon, or says why it cannot be. */

import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EtlFigures, EtlJob } from '../core/etl.js'
import { NoisemillError } from '../errors.js'

/** A flag of native memory; see `createCancel`. */
export type NativeCancel = { readonly __brand: 'NativeCancel' }

export type NativeOutcome =
  | { readonly figures: EtlFigures }
  /** errno is a number, negative as in libuv, 0 for none. */
  | { readonly failure: { readonly code: string; readonly detail: string; readonly errno: number } }

/** What native/batch.cc exports. */
export interface Addon {
  /** Those that this machine can run, the best one first; that one is used until another is chosen. */
  instructionSets(): string[]
  /** Uses another for all work from then on, in the whole process. False if there is no such here. */
  useInstructionSet(name: string): boolean
  /** Noise of one channel from a block on, for tests and benchmarks; fills the whole blocks of `out`. */
  fillNoise(kind: string, keyLow: number, keyHigh: number, channel: number, block: number, out: Float32Array): void
  createCancel(): NativeCancel
  cancel(flag: NativeCancel): void
  runBatch(
    jobs: readonly EtlJob[],
    flag: NativeCancel,
    onSettled: (index: number, outcome: NativeOutcome) => void,
  ): Promise<number>
}

export type LoadedAddon = { readonly addon: Addon } | { readonly reason: string }

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))

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
    return { addon: loadFrom(root) }
  } catch (error) {
    // Its first line says what is wrong; the rest lists what was looked for.
    return { reason: (error as Error).message.split('\n')[0].replaceAll(root, '.') }
  }
}
