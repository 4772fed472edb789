/** Turns requests for files into jobs of the worker's machine, and judges what exists already. */

import type { TransformJob } from '../audio/job.js'
import type { EtlJob, EtlOutcome } from '../core/etl.js'
import { removeFile } from '../core/files.js'
import type { Noise } from '../core/noise/noise.js'
import { placesOf } from '../core/outputs.js'
import { type ByStem, stemNames } from '../core/stems.js'
import { isNoisemillError, type NoisemillError } from '../errors.js'
import { freshRunId, host, partOf, STEPS, type Step, type TemporaryOwner, temporaryName } from '../files/outputs.js'
import { type FilePath, joinPath, showPath, splitPath } from '../files/paths.js'
import { Confined } from './confined.js'
import type { FilePlaces, FileRequest } from './file-messages.js'
import type { TransformRequest } from './transform-messages.js'
import type { WorkerBanks } from './worker-banks.js'

/** What a worker allows. */
export interface FileRules {
  readonly read: string
  readonly write: string
  readonly allowOverwrite: boolean
  readonly banks: WorkerBanks
}

/** A job, or why there is none. */
export type Prepared<Job> = { readonly job: Job } | { readonly error: NoisemillError }

/**
 * Makes the jobs of a message that adds noise.
 *
 * @param tries how often workers have begun them now. Temporary files of earlier tries are removed: their workers died, or
 * must not publish any more.
 */
export function prepareFiles(requests: readonly FileRequest[], rules: FileRules, tries: number): Prepared<EtlJob>[] {
  const places = new Places(rules, tries)
  return requests.map((request) =>
    prepared(() => {
      const { verify, expected, noise } = request
      return { ...places.of(request), verify, expected, noise: withIndexes(noise, rules.banks) }
    }),
  )
}

/**
 * Makes the jobs of a message that transforms files.
 *
 * @param tries see `prepareFiles`
 * @param cancelled flag by which jobs learn that they must not publish any more
 */
export function prepareTransforms(
  requests: readonly TransformRequest[],
  rules: FileRules,
  tries: number,
  cancelled: Int32Array,
): Prepared<TransformJob>[] {
  const places = new Places(rules, tries)
  return requests.map((request) =>
    prepared(() => {
      const { blockFrames, copy, randomKey, key } = request
      const files = places.of(request)
      const noise = STEPS.flatMap((step) => {
        const own = request.noise[step]
        const file = places.temporary(files.output, request, tries, step)
        return own === undefined ? [] : [[step, { noise: withIndexes(own, rules.banks), file }] as const]
      })
      const shown = { input: showPath(files.input), key }
      return {
        ...files,
        samples: undefined,
        blockFrames,
        copy,
        randomKey,
        shown,
        cancelled,
        noise: Object.fromEntries(noise),
      }
    }),
  )
}

function prepared<Job>(make: () => Job): Prepared<Job> {
  try {
    return { job: make() }
  } catch (error) {
    if (isNoisemillError(error)) return { error }
    throw error
  }
}

/** The fields of a job that are about its files. */
type JobFiles = Omit<EtlJob, 'noise' | 'verify' | 'expected'>

/** Finds the files of the jobs of one message on this machine. */
class Places {
  readonly #inputs: Confined
  readonly #outputs: Confined
  readonly #allowOverwrite: boolean
  readonly #tries: number
  /** Owners of the temporary files of requests that name none. */
  readonly #owners = new Map<FilePlaces, TemporaryOwner>()

  constructor({ read, write, allowOverwrite }: FileRules, tries: number) {
    this.#inputs = new Confined(read)
    this.#outputs = new Confined(write)
    this.#allowOverwrite = allowOverwrite
    this.#tries = tries
  }

  /** Throws E_PATH_OUTSIDE, or what `Confined` throws. Removes the temporary files of earlier tries. */
  of(request: FilePlaces): JobFiles {
    const { stems, overwrite, fsync, dryRun, strict } = request
    const place = (file: FilePath) => {
      const output = this.#outputs.output(file)
      return { output, temporary: this.temporary(output, request, this.#tries) }
    }
    const files: JobFiles = {
      input: this.#inputs.input(request.input),
      ...(request.output.length === 0 ? { output: '', temporary: '' } : place(request.output)),
      stems: stems && placesOfStems(stems, place),
      overwrite: overwrite && this.#allowOverwrite,
      ...{ fsync, dryRun, strict, free: false },
    }
    for (let earlier = 1; earlier < this.#tries; earlier++)
      for (const { output } of placesOf(files))
        for (const step of [undefined, ...STEPS])
          if (output.length > 0) removeFile(this.temporary(output, request, earlier, step))
    return files
  }

  /** @param step that of a file between two steps of the job */
  temporary(output: FilePath, request: FilePlaces, tries: number, step?: Step): FilePath {
    const owner = request.owner ?? this.#owners.get(request) ?? { host, pid: process.pid, id: `${freshRunId()}-0` }
    this.#owners.set(request, owner)
    const { folder, name } = splitPath(output)
    return joinPath(folder, temporaryName(name, owner.id, owner, partOf(tries, step)))
  }
}

/** Returns the files that a job may leave behind. */
export const temporariesOf = ({ temporary, noise }: TransformJob): FilePath[] => [
  ...(temporary.length === 0 ? [] : [temporary]),
  ...Object.values(noise).map(({ file }) => file),
]

/** Replaces the hashes of banks by the paths of the worker's indexes. Throws E_MACHINES_DIFFER. */
function withIndexes(noise: Noise, banks: WorkerBanks): Noise {
  const layers = noise.layers.map((layer) => {
    const { recorded } = layer
    return recorded ? { ...layer, recorded: { ...recorded, bank: banks.indexOf(recorded.bank) } } : layer
  })
  return { ...noise, layers }
}

function placesOfStems<Place>(stems: ByStem<FilePath>, place: (file: FilePath) => Place): ByStem<Place> {
  const present = stemNames.filter((name) => stems[name] !== undefined)
  return Object.fromEntries(present.map((name) => [name, place(stems[name]!)]))
}

/**
 * Whether an output that exists may be the one of this job: a worker that died may have published it, and a run that died
 * may have asked for it. It is then compared with the bytes that the job would write.
 */
export const mayBeOwn = (outcome: EtlOutcome, { overwrite, dryRun, verify }: FileRequest, tries: number): boolean =>
  'failure' in outcome && outcome.failure.code === 'E_OUTPUT_EXISTS' && !dryRun && !verify && (tries > 1 || overwrite)
