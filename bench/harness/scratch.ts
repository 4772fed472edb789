/** The temporary folder of the benchmark. */

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * A temporary folder. It is in /dev/shm (memory) if that exists, so that no disk affects the times.
 * NOISEMILL_BENCH_DIR names another place.
 */
export class Scratch implements Disposable {
  readonly folder: string
  readonly inputs: string
  readonly out: string

  constructor(parent = process.env.NOISEMILL_BENCH_DIR ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir())) {
    this.folder = mkdtempSync(path.join(parent, 'noisemill-bench-'))
    this.inputs = path.join(this.folder, 'inputs')
    this.out = path.join(this.folder, 'out')
    mkdirSync(this.inputs)
  }

  /** A path in the folder. */
  file(name: string): string {
    return path.join(this.folder, name)
  }

  /** Makes the folder of inputs empty, for the next workload. */
  clear(): void {
    rmSync(this.inputs, { recursive: true, force: true })
    mkdirSync(this.inputs)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
