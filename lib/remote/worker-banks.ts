/** The noise files of a worker. Jobs name a bank by its hash, and the worker has the files and an index of its own. */

import { invalidOption, NoisemillError } from '../errors.js'
import { type BankOptions, indexOutside } from '../plan/bank.js'
import { checkSources } from '../plan/bank-sources.js'
import type { RunTask } from '../task.js'

/**
 * What names the noise files of one bank: folders, files, globs and lists, as `noise.from` of a run has
 * them.
 *
 * @example
 * import type { BankSources, WorkerOptions } from 'noisemill/bullmq'
 *
 * const sources: BankSources = ['noise/street', 'noise/office']
 * const { noise }: WorkerOptions = { noise: [sources] }
 * console.log(noise?.length) // -> 1
 */
export type BankSources = string | URL | readonly (string | URL)[]

export class WorkerBanks {
  /** Paths of indexes, by the hashes of their banks. */
  readonly #indexes = new Map<string, string>()

  /** Checks the option `noise`. Throws E_OPTION_INVALID. */
  static check(noise: unknown): string[][] {
    if (noise === undefined) return []
    if (!Array.isArray(noise)) throw invalidOption('noise', 'an array with the sources of each bank', noise)
    return noise.map((sources) => checkSources('noise', sources))
  }

  /**
   * Indexes banks. Throws what indexBank throws, and E_OPTION_INVALID if a noise file lies in the output folder.
   *
   * @param run reads the headers
   */
  static async open(all: readonly string[][], run: RunTask, options: BankOptions): Promise<WorkerBanks> {
    const banks = new WorkerBanks()
    for (const sources of all) {
      const { hash, index } = await indexOutside(sources, run, options)
      banks.#indexes.set(hash, index)
    }
    return banks
  }

  /** Returns the index of a bank. Throws E_MACHINES_DIFFER if the worker has other noise files. */
  indexOf(hash: string): string {
    const index = this.#indexes.get(hash)
    if (index !== undefined) return index
    const own = this.#indexes.size === 0 ? 'none' : `those with the hash ${[...this.#indexes.keys()].join(' or ')}`
    throw new NoisemillError('E_MACHINES_DIFFER', {
      received: `the run uses noise files with the hash ${hash}, and the worker has ${own}`,
    })
  }
}
