/** Turns requests for files into jobs of the worker's machine, and judges what exists already. */

import { randomBytes } from 'node:crypto'
import type { TransformJob } from '../audio/job.js'
import type { EtlJob, EtlOutcome } from '../core/etl.js'
import type { Noise } from '../core/noise/noise.js'
import { placesOf } from '../core/outputs.js'
import { type ByStem, stemNames } from '../core/stems.js'
import { isNoisemillError, type NoisemillError } from '../errors.js'
import { freshRunId, host, STEPS, type Step, temporaryName } from '../files/outputs.js'
import { byteText, type FilePath, joinPath, showPath, splitPath } from '../files/paths.js'
import { removeTemporaries, textOfOwner } from '../files/temporaries.js'
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
  return prepare(requests, rules, tries, (request, places) => {
    const { verify, expected, noise } = request
    return { ...places.of(request), verify, expected, noise: withIndexes(noise, rules.banks) }
  })
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
  return prepare(requests, rules, tries, (request, places) => {
    const { blockFrames, copy, randomKey, key } = request
    const files = places.of(request)
    const noise = STEPS.flatMap((step) => {
      const own = request.noise[step]
      const file = places.temporary(files.output, request, step)
      return own === undefined ? [] : [[step, { noise: withIndexes(own, rules.banks), file }] as const]
    })
    const shown = { input: showPath(files.input), key }
    const own = { samples: undefined, blockFrames, copy, randomKey, shown, cancelled }
    return { ...files, ...own, noise: Object.fromEntries(noise) }
  })
}

/** @param make makes a job, or throws a NoisemillError if there is none */
function prepare<Request, Job>(
  requests: readonly Request[],
  rules: FileRules,
  tries: number,
  make: (request: Request, places: Places) => Job,
): Prepared<Job>[] {
  const places = new Places(rules)
  const all = requests.map((request): Prepared<Job> => {
    try {
      return { job: make(request, places) }
    } catch (error) {
      if (isNoisemillError(error)) return { error }
      throw error
    }
  })
  if (tries > 1) places.removeLeftBehind()
  return all
}

/** The fields of a job that are about its files. */
type JobFiles = Omit<EtlJob, 'noise' | 'verify' | 'expected'>

/** Finds the files of the jobs of one message on this machine. */
class Places {
  readonly #inputs: Confined
  readonly #outputs: Confined
  readonly #allowOverwrite: boolean
  /**
   * Part of the names of temporary files that nobody else has. Whoever writes to Redis can make two workers do one message
   * at the same time, and neither must publish what the other one writes.
   */
  readonly #part = randomBytes(6).toString('hex')
  /** The folders of outputs, and the owners of temporary files there. */
  readonly #folders = new Map<string, { readonly folder: FilePath; readonly owners: Set<string> }>()

  constructor({ read, write, allowOverwrite }: FileRules) {
    this.#inputs = new Confined(read)
    this.#outputs = new Confined(write)
    this.#allowOverwrite = allowOverwrite
  }

  /** Throws E_PATH_OUTSIDE, or what `Confined` throws. */
  of(request: FilePlaces): JobFiles {
    const { stems, overwrite, fsync, dryRun, strict } = request
    const place = (file: FilePath) => {
      const output = this.#outputs.output(file)
      return { output, temporary: this.temporary(output, request) }
    }
    const files: JobFiles = {
      input: this.#inputs.input(request.input),
      ...(request.output.length === 0 ? { output: '', temporary: '' } : place(request.output)),
      stems: stems && placesOfStems(stems, place),
      overwrite: overwrite && this.#allowOverwrite,
      ...{ fsync, dryRun, strict, free: false, follow: true },
    }
    if (request.output.length > 0) for (const { output } of placesOf(files)) this.#note(output, request)
    return files
  }

  #note(output: FilePath, request: FilePlaces): void {
    if (request.owner === undefined) return
    const { folder } = splitPath(output)
    const text = byteText(folder)
    const noted = this.#folders.get(text) ?? { folder, owners: new Set<string>() }
    noted.owners.add(textOfOwner(request.owner))
    this.#folders.set(text, noted)
  }

  /** Removes what earlier tries have left. Their workers died, or must not publish any more. */
  removeLeftBehind(): void {
    for (const { folder, owners } of this.#folders.values())
      removeTemporaries(folder, (owner) => owners.has(textOfOwner(owner)))
  }

  /** @param step that of a file between two steps of the job */
  temporary(output: FilePath, request: FilePlaces, step?: Step): FilePath {
    const owner = request.owner ?? { host, pid: process.pid, id: `${freshRunId()}-0` }
    const { folder, name } = splitPath(output)
    const part = step === undefined ? this.#part : `${this.#part}-${step}`
    return joinPath(folder, temporaryName(name, owner.id, owner, part))
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
