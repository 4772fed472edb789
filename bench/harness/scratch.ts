/** The temporary folders of the benchmark. */

import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { UsageError } from './usage-error.js'

/** A temporary folder, which is removed when it is disposed of. */
export class Scratch implements Disposable {
  readonly folder: string
  readonly inputs: string
  readonly out: string
  #programs: string | undefined

  /**
   * It is in /dev/shm (memory), so that no disk affects the times, or else where temporary files go.
   * The environment variable NOISEMILL_BENCH_DIR names another place.
   *
   * @param disk bytes that are needed at a time
   * @param parent folder in which it is made
   */
  constructor(disk = 0, parent = process.env.NOISEMILL_BENCH_DIR ?? (isRoomy(MEMORY, disk) ? MEMORY : tmpdir())) {
    this.folder = newFolder(parent)
    this.inputs = path.join(this.folder, 'inputs')
    this.out = path.join(this.folder, 'out')
    mkdirSync(this.inputs)
  }

  /** A path in the folder. */
  file(name: string): string {
    return path.join(this.folder, name)
  }

  /** Path for a compiled program. It is where temporary files go: programs often cannot be run from /dev/shm. */
  program(name: string): string {
    this.#programs ??= newFolder(tmpdir())
    return path.join(this.#programs, name)
  }

  /** Makes the folder of inputs empty, for the next workload. */
  clear(): void {
    rmSync(this.inputs, { recursive: true, force: true })
    mkdirSync(this.inputs)
  }

  [Symbol.dispose](): void {
    const folders = this.#programs === undefined ? [this.folder] : [this.folder, this.#programs]
    // A process that was just killed may still have written something.
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

const MEMORY = '/dev/shm'

/** In containers, /dev/shm often has 64 MB only. */
function isRoomy(folder: string, disk: number): boolean {
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize > disk
  } catch {
    return false
  }
}

/** @throws UsageError if the place cannot be written to */
function newFolder(parent: string): string {
  try {
    return mkdtempSync(path.join(parent, 'noisemill-bench-'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(
      `cannot make a temporary folder in ${parent} (${code}); NOISEMILL_BENCH_DIR, or TMPDIR for programs, names another place`,
    )
  }
}
