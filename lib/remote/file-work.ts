/** Turns requests for files into jobs of the worker's machine, and judges what exists already. */

import { randomBytes } from 'node:crypto'
import type { TransformJob } from '../audio/job.js'
import type { EtlJob, EtlOutcome } from '../core/etl.js'
import type { Noise } from '../core/noise/noise.js'
import { stemNames } from '../core/stems.js'
import { isNoisemillError } from '../errors.js'
import { freshRunId, host, STEPS, type Step, temporaryName } from '../files/outputs.js'
import { byteText, type FilePath, joinPath, showPath, splitPath } from '../files/paths.js'
import { mapStems } from '../files/stems.js'
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

/** The fields of a job that are about its files. */
type JobFiles = Omit<EtlJob, 'noise' | 'verify' | 'expected'>

/** Makes the jobs of one message on this machine. */
export class JobMaker {
  readonly #inputs: Confined
  readonly #outputs: Confined
  readonly #allowOverwrite: boolean
  readonly #banks: WorkerBanks
  /**
   * Part of the names of temporary files that nobody else has. Whoever writes to Redis can make two workers do one message
   * at the same time, and neither must publish what the other one writes.
   */
  readonly #part = randomBytes(6).toString('hex')

  constructor({ read, write, allowOverwrite, banks }: FileRules) {
    this.#inputs = new Confined(read)
    this.#outputs = new Confined(write)
    this.#allowOverwrite = allowOverwrite
    this.#banks = banks
  }

  /** Makes a job that adds noise. Throws E_MACHINES_DIFFER or what `Confined` throws. */
  file(request: FileRequest): EtlJob {
    const { input, output, temporary, stems, overwrite, free, follow, fsync, dryRun, strict } = this.#files(
      request.places,
    )
    const { verify, expected } = request
    const noise = this.#noise(request.noise)
    // A literal, because to spread an object here took half of the time of this method.
    const job = {
      input,
      output,
      temporary,
      stems,
      overwrite,
      free,
      follow,
      fsync,
      dryRun,
      strict,
      verify,
      expected,
      noise,
    }
    return verify ? this.compared(job, request) : job
  }

  /** Makes a job that compares outputs, which may be links within the folder. Throws like `Confined.linkedOutput`. */
  compared(job: EtlJob, { places: { output, stems } }: FileRequest): EtlJob {
    const linked = (file: FilePath) => this.#outputs.linkedOutput(file)
    return {
      ...job,
      verify: true,
      output: linked(output),
      stems: job.stems && mapStems(job.stems, (place, stem) => ({ ...place, output: linked(stems![stem]!) })),
    }
  }

  /**
   * Makes a job that transforms a file. Throws E_MACHINES_DIFFER or what `Confined` throws.
   *
   * @param cancelled flag by which the job learns that it must not publish any more
   */
  transform(request: TransformRequest, cancelled: Int32Array): TransformJob {
    const { places, blockFrames, copy, randomKey, key } = request
    const files = this.#files(places)
    const noise = STEPS.flatMap((step) => {
      const own = request.noise[step]
      if (own === undefined) return []
      const { folder, name } = splitPath(files.output)
      return [[step, { noise: this.#noise(own), file: this.#temporary(folder, name, places, step) }] as const]
    })
    const shown = { input: showPath(files.input), key }
    const own = { samples: undefined, blockFrames, copy, randomKey, shown, cancelled }
    return { ...files, ...own, noise: Object.fromEntries(noise) }
  }

  /** Makes a job whose input is a link read what the link leads to. Throws like `Confined.linkedInput`. */
  withoutLink<Job extends { readonly input: FilePath }>(job: Job, { places }: { readonly places: FilePlaces }): Job {
    return { ...job, input: this.#inputs.linkedInput(places.input) }
  }

  /** Removes what earlier tries have left. Their workers died, or must not publish any more. */
  removeLeftBehind(requests: readonly { readonly places: FilePlaces }[]): void {
    const folders = new Map<string, { readonly folder: FilePath; readonly owners: Set<string> }>()
    for (const { places } of requests) {
      const { output, stems, owner } = places
      if (owner === undefined || output.length === 0) continue
      for (const file of [output, ...stemNames.flatMap((name) => stems?.[name] ?? [])]) {
        const folder = this.#folderOf(file)
        if (folder === undefined) continue
        const text = byteText(folder)
        const noted = folders.get(text) ?? { folder, owners: new Set<string>() }
        noted.owners.add(textOfOwner(owner))
        folders.set(text, noted)
      }
    }
    for (const { folder, owners } of folders.values())
      removeTemporaries(folder, (owner) => owners.has(textOfOwner(owner)))
  }

  /** Returns the folder of an output; undefined if the worker does not write it. */
  #folderOf(output: FilePath): FilePath | undefined {
    try {
      return this.#outputs.output(output).folder
    } catch (error) {
      if (isNoisemillError(error)) return undefined
      throw error
    }
  }

  #files(request: FilePlaces): JobFiles {
    const { input, output, stems, overwrite, fsync, dryRun, strict } = request
    const place = output.length === 0 ? NOWHERE : this.#place(output, request)
    return {
      input: this.#inputs.input(input),
      output: place.output,
      temporary: place.temporary,
      stems: stems && mapStems(stems, (file) => this.#place(file, request)),
      overwrite: overwrite && this.#allowOverwrite,
      free: false,
      follow: false,
      fsync,
      dryRun,
      strict,
    }
  }

  #place(file: FilePath, request: FilePlaces): { output: FilePath; temporary: FilePath } {
    const { folder, name } = this.#outputs.output(file)
    return { output: joinPath(folder, name), temporary: this.#temporary(folder, name, request) }
  }

  /** @param step that of a file between two steps of the job */
  #temporary(folder: FilePath, name: FilePath, request: FilePlaces, step?: Step): FilePath {
    const owner = request.owner ?? { host, pid: process.pid, id: `${freshRunId()}-0` }
    const part = step === undefined ? this.#part : `${this.#part}-${step}`
    return joinPath(folder, temporaryName(name, owner.id, owner, part))
  }

  /** Replaces the hashes of banks by the paths of the worker's indexes. Throws E_MACHINES_DIFFER. */
  #noise(noise: Noise): Noise {
    if (noise.layers.every(({ recorded }) => recorded === undefined)) return noise
    const layers = noise.layers.map((layer) => {
      const { recorded } = layer
      return recorded ? { ...layer, recorded: { ...recorded, bank: this.#banks.indexOf(recorded.bank) } } : layer
    })
    return { ...noise, layers }
  }
}

const NOWHERE = { output: '', temporary: '' }

/** Returns the files that a job may leave behind. */
export const temporariesOf = ({ temporary, noise }: TransformJob): FilePath[] => [
  ...(temporary.length === 0 ? [] : [temporary]),
  ...Object.values(noise).map(({ file }) => file),
]

/**
 * Whether an output that exists may be the one of this job: a worker that died may have published it, and a run that died
 * may have asked for it. It is then compared with the bytes that the job would write.
 */
export const mayBeOwn = (outcome: EtlOutcome, { places, verify }: FileRequest, tries: number): boolean =>
  'failure' in outcome &&
  outcome.failure.code === 'E_OUTPUT_EXISTS' &&
  !places.dryRun &&
  !verify &&
  (tries > 1 || places.overwrite)
