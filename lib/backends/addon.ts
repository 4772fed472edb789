/** Loads the addon, or says why it cannot be. */

import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { checkWish } from '../checks.js'
import type { NoiseContext } from '../core/noise/source.js'
import type { PartTally } from '../core/transform.js'
import type { SampleFormatName } from '../core/wav/samples.js'
import { NoisemillError } from '../errors.js'
import { hasFiles, packageFolder } from '../package-files.js'
import { type Contract, contractFault, type PackedJobs, type PackedSlices } from './border.js'

/** A flag of native memory; see `createCancel`. */
export type NativeCancel = { readonly __brand: 'NativeCancel' }

/** Threads that take jobs from one queue; see `createCrew`. */
export type NativeCrew = { readonly __brand: 'NativeCrew' }

/** errno is minus the number that C has for the fault, 0 for none. */
export interface NativeFailure {
  readonly code: string
  readonly detail: string
  readonly errno: number
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
  /** The names of all that crosses, checked when it is loaded. */
  readonly contract: Contract
  /** Those that this machine can run, the best one first; that one is used until another is chosen. */
  instructionSets(): string[]
  /** Uses another for all work from then on, in the whole process. False if there is no such here. */
  useInstructionSet(name: string): boolean
  /** Noise of one channel from a frame on, for tests and benchmarks: whole blocks, as NoiseSource.fill gives them. */
  fillNoise(kind: string, context: NoiseContext, channel: number, frame: number, out: Float32Array): void
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
  /** Resolves after the last job, to the milliseconds that all of them took on their threads. See Border for jobs and outcomes. */
  runFiles: RunJobs<PackedJobs, Float64Array>
  runSlices: RunJobs<PackedSlices, PartTally>
}

export interface FoundAddon {
  readonly addon: Addon
  /** The file that it is, from the package's folder on. */
  readonly binary: string
}

/** Why there is none, and what would bring it, as phrases. */
export interface MissingAddon {
  readonly reason: string
  readonly remedy: string
}

export type LoadedAddon = FoundAddon | MissingAddon

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

/** The addon, loaded at the first call, or the reason why there is none. Throws only where NOISEMILL_NATIVE is nothing that it can be. */
export function loadAddon(): LoadedAddon {
  loaded ??= load()
  return loaded
}

/** What `npm run build` needs; see docs/installing.md. */
const TOOLS =
  process.platform === 'win32'
    ? 'CMake, the g++ of MinGW-w64 and the package node-api-headers'
    : 'a C++17 compiler, make and Python 3'
const BUILD =
  process.platform === 'win32' && process.arch !== 'x64'
    ? 'use the Node for x64'
    : `run "npm run build" in the folder of the package, which needs ${TOOLS}`
const BUNDLED = 'keep noisemill out of the bundle, as an external package'

function load(): LoadedAddon {
  if (!hasFiles()) return { reason: 'the files of the package are not beside its code', remedy: BUNDLED }
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
          reason: 'Node may not load addons here',
          remedy: 'run Node with --allow-addons, and without --no-addons',
        }
      faults.push(`${binary} does not load: ${firstLine(message, file, binary)}`)
    }
  }
  const reason = faults.join('; ') || `there is no binary for ${process.platform}-${process.arch}`
  return { reason, remedy: BUILD }
}

/** What the system says of a file that does not load, in which it may name it by its whole path, before all else or within. */
function firstLine(message: string, file: string, binary: string): string {
  const [line] = message.split(/\r?\n/)
  return line.replaceAll(path.toNamespacedPath(file), binary).replaceAll(file, binary).replace(`${binary}: `, '')
}

/**
 * Files that may be the addon, the likeliest first: what node-gyp-build finds, which is the one that was built here or else a prebuilt one.
 * Then all there are for this platform, since it tells C libraries apart by a file that not every system with musl has, and may not look
 * for it under Node's permission model.
 */
function candidates(require: NodeJS.Require): Iterable<string> {
  const files = new Set<string>()
  try {
    files.add((require('node-gyp-build') as { path(folder: string): string }).path(packageFolder))
  } catch {
    // There is none, or it may not look.
  }
  const platform = `${process.platform}-${process.arch}`
  for (const folder of ['build/Release', `prebuilds/${platform}`]) {
    try {
      const names = readdirSync(path.join(packageFolder, folder)).filter((name) => /^noisemill.*\.node$/.test(name))
      for (const name of names) files.add(path.join(packageFolder, folder, name))
    } catch {
      // There is no such folder.
    }
  }
  return files
}
