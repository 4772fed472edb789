/** What the workloads compare: noisemill, and programs that copy the same files. Each trial fills a fresh folder. */

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
/** However many CPUs there are: more only wait for each other where all write to one file. */
const COPY_THREADS = 2

const bin = fileURLToPath(new URL('../dist/cli/bin.cjs', import.meta.url))
/** GNU time: what it says is of the one process, where the system's own figure may begin with that of the process that started it. */
const GNU_TIME = '/usr/bin/time'

/** A folder for one workload. It lies in memory where /dev/shm is, so that no disk takes part. */
export class Scratch {
  readonly #folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'noisemill-bench-'))
  readonly clean = path.join(this.#folder, 'clean')
  readonly out = path.join(this.#folder, 'out')
  /** Hashes of what noisemill wrote, by contender. */
  readonly #hashes = new Map<string, string>()

  constructor() {
    mkdirSync(this.clean)
    // It is memory: not to be left behind.
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

  /** `noisemill add` of everything in `clean`. */
  noisemill(...flags: string[]): Contender {
    return this.noisemillOf(this.clean, flags)
  }

  /** The same of everything in a folder. */
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

  /** Commands that run at the same time. */
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

  /** The hashes by contender. Ends the program with an error where they differ: then nothing else counts. */
  outputs(): Record<string, string> {
    if (new Set(this.#hashes.values()).size > 1) throw new Error(`outputs differ: ${JSON.stringify([...this.#hashes])}`)
    return Object.fromEntries(this.#hashes)
  }

  /** An empty folder for outputs, made before and removed after what is timed. */
  async #fresh<T>(run: () => Promise<T>): Promise<T> {
    mkdirSync(this.out)
    try {
      return await run()
    } finally {
      rmSync(this.out, { recursive: true })
    }
  }
}

/** Arguments for node. */
const noisemill = (input: string, out: string): string[] => [
  ...[bin, 'add', input, '--out', out],
  ...['--sigma', '0.1', '--quiet'],
]

/**
 * Threads that copy files as noisemill would, block by block through their own memory, but touch no sample: what is left of noisemill's
 * time without its kernel. None, and that is said, where there is no compiler.
 */
export async function copyThreads(scratch: Scratch, files: readonly string[]): Promise<Contender[]> {
  const binary = scratch.file('copy-threads')
  try {
    await time('c++', ['-O2', '-std=c++17', '-pthread', '-o', binary, 'bench/copy-threads.cc'])
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

/** The hash of all files below a folder, in the order of their names. */
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
