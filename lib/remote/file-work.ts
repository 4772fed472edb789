/** Turns requests for files into jobs of the worker's machine, and judges what exists already. */

import type { EtlJob, EtlOutcome } from '../core/etl.js'
import { removeFile } from '../core/files.js'
import type { Noise } from '../core/noise/noise.js'
import { placesOf } from '../core/outputs.js'
import { type ByStem, stemNames } from '../core/stems.js'
import { isNoisemillError, type NoisemillError } from '../errors.js'
import { freshRunId, host, type TemporaryOwner, TRIES, temporaryName } from '../files/outputs.js'
import { type FilePath, joinPath, splitPath } from '../files/paths.js'
import { Confined } from './confined.js'
import type { FileRequest } from './file-messages.js'
import type { WorkerBanks } from './worker-banks.js'

/** What a worker allows. */
export interface FileRules {
  readonly read: string
  readonly write: string
  readonly allowOverwrite: boolean
  readonly banks: WorkerBanks
}

/** A job, or why there is none. */
export type PreparedFile = { readonly job: EtlJob } | { readonly error: NoisemillError }

/**
 * Makes the jobs of a message.
 *
 * @param tries how often workers have begun them now. Temporary files of earlier tries are removed: their workers died, or
 * must not publish any more.
 */
export function prepareFiles(requests: readonly FileRequest[], rules: FileRules, tries: number): PreparedFile[] {
  const inputs = new Confined(rules.read)
  const outputs = new Confined(rules.write)
  return requests.map((request) => {
    try {
      const job = jobOf(request, inputs, outputs, rules, tries)
      return { job }
    } catch (error) {
      if (isNoisemillError(error)) return { error }
      throw error
    }
  })
}

function jobOf(
  request: FileRequest,
  inputs: Confined,
  outputs: Confined,
  { allowOverwrite, banks }: FileRules,
  tries: number,
): EtlJob {
  const { output: relative, stems, owner: given, overwrite, ...rest } = request
  const owner = given ?? { host, pid: process.pid, id: `${freshRunId()}-0` }
  const input = inputs.input(request.input)
  const place = (file: FilePath) => {
    const output = outputs.output(file)
    return { output, temporary: temporaryOf(output, owner, tries) }
  }
  const job: EtlJob = {
    ...rest,
    noise: withIndexes(rest.noise, banks),
    ...place(relative),
    input,
    stems: stems && placesOfStems(stems, place),
    overwrite: overwrite && allowOverwrite,
    free: false,
  }
  for (let earlier = 1; earlier < tries; earlier++)
    for (const { output } of placesOf(job)) removeFile(temporaryOf(output, owner, earlier))
  return job
}

/** Replaces the hashes of banks by the paths of the worker's indexes. Throws E_MACHINES_DIFFER. */
export function withIndexes(noise: Noise, banks: WorkerBanks): Noise {
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

function temporaryOf(output: FilePath, owner: TemporaryOwner, tries: number): FilePath {
  const { folder, name } = splitPath(output)
  return joinPath(folder, temporaryName(name, owner.id, owner, TRIES[tries - 1]))
}

/**
 * Whether an output that exists may be the one of this job: a worker that died may have published it, and a run that died
 * may have asked for it. It is then compared with the bytes that the job would write.
 */
export const mayBeOwn = (outcome: EtlOutcome, { overwrite, dryRun, verify }: FileRequest, tries: number): boolean =>
  'failure' in outcome && outcome.failure.code === 'E_OUTPUT_EXISTS' && !dryRun && !verify && (tries > 1 || overwrite)
