/** Loads the addon, or finds out why it cannot be loaded. */

import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { checkWish } from '../checks.js'
import type { Balance } from '../core/noise/bank.js'
import type { NoiseKey } from '../core/noise/keys.js'
import type { NoiseContext } from '../core/noise/source.js'
import type { PartTally } from '../core/transform.js'
import type { SampleFormatName } from '../core/wav/samples.js'
import { NoisemillError } from '../errors.js'
import { hasFiles, packageFolder } from '../package-files.js'
import { type Contract, contractFault, type PackedJobs, type PackedSlices } from './border.js'

/** A cancellation in native memory, which `createCancel` makes. */
export type NativeCancel = { readonly __brand: 'NativeCancel' }

/** Threads that take jobs from one queue, which `createCrew` makes. */
export type NativeCrew = { readonly __brand: 'NativeCrew' }

/** A failure of core in C++. `errno` is the negative of C's errno, or 0 if there is none. */
export interface NativeFailure {
  readonly code: string
  readonly detail: string
  readonly errno: number
  /** '' for the input and the mixture. */
  readonly stem: string
}

export interface DecodedSamples {
  readonly format: SampleFormatName
  readonly channels: number
  readonly sampleRate: number
  readonly samples: Float64Array
}

/** A noise file, as an index describes it. */
interface IndexedFile {
  readonly path: Buffer
  readonly name: Buffer
  readonly size: number
  readonly modified: number
  readonly frames: number
  readonly sampleRate: number
  readonly channels: number
}

/**
 * Runs a batch, whose jobs share a cancellation. Calls `onSettled` with the indexes of jobs that have ended,
 * and their outcomes. Resolves after the last job, to the milliseconds that all jobs took on their
 * threads. The crew calls `onSettled` as soon as jobs end, but after each call it waits for
 * `deliver`, until a delivery has found nothing.
 */
type RunJobs<Jobs, Outcomes extends unknown[]> = (
  crew: NativeCrew,
  jobs: Jobs,
  cancel: NativeCancel,
  onSettled: (indexes: Uint32Array, ...outcomes: Outcomes) => void,
) => Promise<number>

/** The functions that native/batch.cc and native/kernel_exports.cc export. */
export interface Addon {
  /** The names of all fields that cross, which are checked when the addon is loaded. */
  readonly contract: Contract
  /**
   * The instruction sets that this machine can run, the best one first. The best is used until
   * another one is chosen.
   */
  instructionSets(): string[]
  /**
   * Chooses the instruction set for all later work of the process. Returns false if this machine
   * does not support it.
   */
  useInstructionSet(name: string): boolean
  /**
   * Writes the noise of one channel from a frame on, in whole blocks, as NoiseSource.fill does. For
   * tests and benchmarks.
   */
  fillNoise(kind: string, context: NoiseContext, channel: number, frame: number, out: Float32Array): void
  /** Decodes a file to float64, as decodeFile in core/decode.ts does. For tests. */
  decodeSamples(path: string): DecodedSamples | Pick<NativeFailure, 'code' | 'detail'>
  /** Reads an index of noise files, as openBank in core/noise/bank.ts does. For tests. */
  readBank(
    path: string,
  ): { readonly hash: Buffer; readonly files: readonly IndexedFile[] } | Pick<NativeFailure, 'code' | 'detail'>
  /** Makes the first draws of files for a signal, as Bank.select and Selection.draw do. For tests. */
  drawFromBank(
    path: string,
    signal: { readonly sampleRate: number; readonly channels: number },
    key: NoiseKey,
    balance: Balance,
    draws: number,
  ):
    | { readonly count: number; readonly isPartial: boolean; readonly draws: Uint32Array }
    | Pick<NativeFailure, 'code' | 'detail'>
  /**
   * Measures how many threads of libuv's pool work at the same time, up to `most`. It takes 50 ms
   * or less.
   */
  measureLibuvPool(most: number): number
  /**
   * Makes a crew of up to `size` threads that work on batches. It uses threads of libuv's pool
   * first, of which all crews of the process together use at most `libuvLimit`. It starts its own
   * threads for the rest. Threads exist only while there is work.
   */
  createCrew(size: number, libuvLimit: number): NativeCrew
  /** Gives work to the crew's own threads that still waits for threads of libuv's pool. */
  relieveCrew(crew: NativeCrew): void
  /**
   * Finishes the jobs that the crew has begun, drops the others, and waits for its own threads. No
   * outcome is reported after that.
   */
  closeCrew(crew: NativeCrew): void
  createCancel(): NativeCancel
  cancel(crew: NativeCrew, cancel: NativeCancel): void
  /** Returns the time of a clock that only goes forward, in nanoseconds. */
  now(): bigint
  /** Cancels at a time of `now`, unless it is called again with another one. */
  cancelAt(cancel: NativeCancel, time: bigint): void
  /**
   * Runs jobs on files. `Border` packs jobs and reads figures. Failures are at the places of their
   * jobs among the indexes.
   */
  runFiles: RunJobs<
    PackedJobs,
    [
      figures: Float64Array,
      failures: readonly (NativeFailure | undefined)[] | undefined,
      layers: readonly (Float64Array | undefined)[] | undefined,
    ]
  >
  runSlices: RunJobs<PackedSlices, [outcomes: readonly (PartTally | NativeFailure)[]]>
  /** Delivers the outcomes of jobs that have ended. */
  deliver(crew: NativeCrew): void
}

export interface FoundAddon {
  readonly addon: Addon
  /** Path of the addon's file, relative to the package's folder. */
  readonly binary: string
}

/** Why there is no addon, and how to get one. Both are clauses that stand within a sentence. */
export interface MissingAddon {
  readonly reason: string
  readonly remedy: string
}

export type LoadedAddon = FoundAddon | MissingAddon

let loaded: LoadedAddon | undefined

/**
 * Chooses the instruction set of the addon: the best of this machine, or the one that NOISEMILL_ISA
 * names. Throws NoisemillError E_ISA_UNAVAILABLE if this machine does not support that one.
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

/**
 * Returns the addon, or the reason why there is none. The first call loads it. Throws
 * NoisemillError E_OPTION_INVALID if the variable NOISEMILL_NATIVE has an invalid value.
 */
export function loadAddon(): LoadedAddon {
  loaded ??= load()
  return loaded
}

/** The programs that `npm run build` needs; see docs/installing.md. */
const TOOLS =
  process.platform === 'win32'
    ? 'CMake, the g++ of MinGW-w64 and the package node-api-headers'
    : 'a C++17 compiler, make and Python 3'
const BUILD =
  process.platform === 'win32' && process.arch !== 'x64'
    ? 'use the Node for x64'
    : `run "npm run build" in the folder of the package, which needs ${TOOLS}`
const BUNDLED = 'exclude noisemill from the bundle, as an external package'

function load(): LoadedAddon {
  if (!hasFiles()) return { reason: 'the code was bundled without the files of the package', remedy: BUNDLED }
  if (checkWish('NOISEMILL_NATIVE') === 'off')
    return { reason: 'NOISEMILL_NATIVE is off', remedy: 'unset NOISEMILL_NATIVE' }
  const require = createRequire(import.meta.url)
  const faults: string[] = []
  for (const file of candidates(require)) {
    const binary = path.relative(packageFolder, file)
    try {
      const addon = require(file) as Addon
      const fault = contractFault(addon.contract)
      if (fault === undefined) return { addon, binary }
      faults.push(`${binary} does not fit: ${fault}`)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'ERR_DLOPEN_DISABLED')
        return {
          reason: 'Node is not allowed to load addons',
          remedy: 'run Node with --allow-addons, and without --no-addons',
        }
      faults.push(`${binary} does not load: ${firstLine(message, file, binary)}`)
    }
  }
  const reason = faults.join('; ') || `there is no binary for ${process.platform}-${process.arch}`
  return { reason, remedy: BUILD }
}

/**
 * Returns the first line of the system's message for a file that does not load. Its absolute path
 * is removed or shortened.
 */
function firstLine(message: string, file: string, binary: string): string {
  const [line] = message.split(/\r?\n/)
  return line.replaceAll(path.toNamespacedPath(file), binary).replaceAll(file, binary).replace(`${binary}: `, '')
}

/**
 * Returns the files that may be the addon, the most likely first. The first is what node-gyp-build
 * finds: a binary that was built in the package, or otherwise a prebuilt one. All other binaries
 * for the platform follow. They are needed because node-gyp-build recognises musl by a file. Some
 * systems do not have it, and Node's permission model may hide it.
 */
function candidates(require: NodeJS.Require): Iterable<string> {
  const files = new Set<string>()
  try {
    files.add((require('node-gyp-build') as { path(folder: string): string }).path(packageFolder))
  } catch {
    // It finds no binary, or is not allowed to read the folder.
  }
  const platform = `${process.platform}-${process.arch}`
  for (const folder of ['build/Release', `prebuilds/${platform}`]) {
    try {
      const names = readdirSync(path.join(packageFolder, folder)).filter((name) => /^noisemill.*\.node$/.test(name))
      for (const name of names) files.add(path.join(packageFolder, folder, name))
    } catch {
      // The folder does not exist.
    }
  }
  return files
}
