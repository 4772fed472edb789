/**
 * The contenders of the workloads: noisemill, and programs that copy the same files. Each trial
 * fills an empty folder.
 */

import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Contender, time } from './harness.js'

export const JOBS = availableParallelism()
/**
 * Number of copying threads, whatever the number of CPUs: more threads only wait for each other if
 * all write to one file.
 */
const COPY_THREADS = 2

const bin = fileURLToPath(new URL('../dist/cli/bin.cjs', import.meta.url))
/**
 * GNU time reports the memory of the one process. The system's own figure may start with the memory
 * of the parent process.
 */
const GNU_TIME = '/usr/bin/time'

/**
 * A temporary folder for one workload. It is in /dev/shm (memory) if that exists, so that no disk
 * affects the times.
 */
export class Scratch {
  readonly #folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'noisemill-bench-'))
  readonly clean = path.join(this.#folder, 'clean')
  readonly out = path.join(this.#folder, 'out')
  /** Hashes of noisemill's outputs, by contender. */
  readonly #hashes = new Map<string, string>()

  constructor() {
    mkdirSync(this.clean)
    // The folder may be in memory, so it must not be left behind.
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        this[Symbol.dispose]()
        process.exit(1)
      })
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  file(name: string): string {
    return path.join(this.#folder, name)
  }

  /** Runs `noisemill add` on all files in `clean`. */
  noisemill(...flags: string[]): Contender {
    return this.noisemillOf(this.clean, flags)
  }

  /** Runs `noisemill add` on all files in a folder. */
  noisemillOf(folder: string, flags: readonly string[]): Contender {
    const args = [...noisemill(folder, this.out), ...flags]
    const name = `noisemill ${flags.join(' ')}`
    return {
      name,
      run: () =>
        this.#fresh(async () => {
          const { seconds } = await time(process.execPath, args)
          if (!this.#hashes.has(name)) this.#hashes.set(name, hashOf(this.out))
          return seconds
        }),
      memory: () => this.#fresh(() => memoryOf(process.execPath, args, this.file('memory'))),
    }
  }

  /** Runs commands at the same time. */
  commands(name: string, commands: readonly (readonly string[])[]): Contender {
    return {
      name,
      run: () =>
        this.#fresh(async () => {
          const started = performance.now()
          await Promise.all(commands.map(([command, ...args]) => time(command, args)))
          return (performance.now() - started) / 1000
        }),
    }
  }

  /**
   * Returns the hashes by contender. Throws an error if they differ, because the times are then
   * meaningless.
   */
  outputs(): Record<string, string> {
    if (new Set(this.#hashes.values()).size > 1) throw new Error(`outputs differ: ${JSON.stringify([...this.#hashes])}`)
    return Object.fromEntries(this.#hashes)
  }

  /**
   * Runs a trial with an empty output folder. The folder is made and removed outside the timed
   * part.
   */
  async #fresh<T>(run: () => Promise<T>): Promise<T> {
    mkdirSync(this.out)
    try {
      return await run()
    } finally {
      rmSync(this.out, { recursive: true })
    }
  }
}

/** Arguments of node for `noisemill add`. */
const noisemill = (input: string, out: string): string[] => [
  ...[bin, 'add', input, '--out', out],
  ...['--sigma', '0.1', '--quiet'],
]

/**
 * Contenders that copy files with threads, block by block, without touching the samples. They show
 * noisemill's time without its kernel. If there is no compiler, it prints the reason and returns
 * none.
 */
export async function copyThreads(scratch: Scratch, files: readonly string[]): Promise<Contender[]> {
  const binary = scratch.file('copy-threads')
  try {
    await time('c++', ['-O2', '-std=c++17', '-pthread', '-o', binary, 'bench/programs/copy-threads.cc'])
  } catch (error) {
    console.error(`No copying by threads, since it cannot be compiled: ${(error as Error).message}`)
    return []
  }
  const command = [binary, String(COPY_THREADS), scratch.out, ...files]
  return [scratch.commands(`${COPY_THREADS} threads that read and write`, [command])]
}

async function memoryOf(command: string, args: readonly string[], note: string): Promise<number | undefined> {
  if (!existsSync(GNU_TIME)) return undefined
  await time(GNU_TIME, ['-f', '%M', '-o', note, command, ...args])
  return (Number(readFileSync(note, 'utf8')) * 1024) / 1e6
}

/** Returns the hash of all files in a folder and below it, in the order of their names. */
function hashOf(folder: string): string {
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(1 << 20)
  for (const name of (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => name.endsWith('.wav'))
    .sort()) {
    hash.update(`${name}\0`)
    const fd = openSync(path.join(folder, name), 'r')
    for (let length = -1; length !== 0; ) {
      length = readSync(fd, buffer)
      hash.update(buffer.subarray(0, length))
    }
    closeSync(fd)
  }
  return hash.digest('hex')
}
