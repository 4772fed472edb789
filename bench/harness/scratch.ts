/** The temporary folders of the benchmark. */

import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freeFor, type Needs, roomLack } from './room.js'
import { UsageError } from './usage-error.js'

/** A temporary folder for each place that is used, which are removed when this is disposed of. */
export class Scratch implements Disposable {
  readonly #parent: string | undefined
  /** The folder in each place, by the place. */
  readonly #folders = new Map<string, string>()
  #folder: string
  #programs: string | undefined

  /**
   * @param disk bytes that are needed at a time
   * @param parent folder in which it is made; by default the one that the environment variable
   *   NOISEMILL_BENCH_DIR names, or else see `begin`
   */
  constructor(disk = 0, parent = process.env.NOISEMILL_BENCH_DIR) {
    this.#parent = parent
    this.#folder = this.#folderFor({ disk, memory: 0 })
  }

  /** The folder of the present place. */
  get folder(): string {
    return this.#folder
  }

  get inputs(): string {
    return this.file('inputs')
  }

  get out(): string {
    return this.file('out')
  }

  /**
   * Removes the inputs, and chooses the place for the next workload: /dev/shm (memory) if it has the
   * room, so that no disk affects the times, or else where temporary files go.
   */
  begin(needs: Needs): void {
    rmSync(this.inputs, { recursive: true, force: true })
    this.#folder = this.#folderFor(needs)
  }

  /** Returns the folder of the place that suits the needs, with a folder for inputs. */
  #folderFor(needs: Needs): string {
    const parent = this.#parent ?? (isRoomy(MEMORY, needs) ? MEMORY : tmpdir())
    const folder = this.#folders.get(parent) ?? newFolder(parent)
    this.#folders.set(parent, folder)
    mkdirSync(path.join(folder, 'inputs'), { recursive: true })
    return folder
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

  [Symbol.dispose](): void {
    const folders = [...this.#folders.values(), ...(this.#programs === undefined ? [] : [this.#programs])]
    // A process that was just killed may still have written something.
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

const MEMORY = '/dev/shm'

/** In containers, /dev/shm often has 64 MB only. Its files also take memory that programs need. */
function isRoomy(folder: string, needs: Needs): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return roomLack(needs, folder) === undefined
  } catch {
    return false
  }
}

/** Bytes that are free in the roomiest of the places that a workload may get. */
export function roomiest(parent = process.env.NOISEMILL_BENCH_DIR): number {
  const places = parent === undefined ? [MEMORY, tmpdir()].filter((folder) => existsSync(folder)) : [parent]
  return Math.max(...places.map(freeFor))
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
