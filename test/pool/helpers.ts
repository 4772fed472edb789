/** Pools, tasks, gates and hand-made runs that the tests of the pool share. */

import { spawnSync } from 'node:child_process'
import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { describe, onTestFinished } from 'vitest'
import {
  type Items,
  type ModuleTask,
  type ModuleTaskOptions,
  moduleTask,
  Pool,
  type PoolOptions,
} from '../../dist/index.js'
import { Cancellation, type Execute } from '../../dist-lib/backends/backend.js'
import { Run, type RunParts } from '../../dist-lib/pool/run.js'
import { Source } from '../../dist-lib/pool/source.js'
import type { TaskRun } from '../../dist-lib/task.js'
import { sine, wav } from '../support/wav.js'

/** Where a user's functions run: the caller's thread, or worker threads, which is so for the backend native too. */
export const describePlaces = describe.each(['inline', 'workers'] as const)

/** A pool of two threads that is gone when the running test is. */
export function testPool(options: PoolOptions = {}): Pool {
  const pool = new Pool({ size: 2, ...options })
  onTestFinished(() => pool.terminate())
  return pool
}

// biome-ignore lint/suspicious/noExplicitAny: what the functions take and give is seen in the modules
type AnyTask = ModuleTask<any, any>

const tasksOf = (file: string) => (name: string, options?: ModuleTaskOptions) =>
  moduleTask(new URL(`./tasks/${file}`, import.meta.url), name, options) as AnyTask

/** Tasks that call a function of the modules in tasks/. */
export const calls = tasksOf('calls.mjs')
export const failing = tasksOf('failing.mjs')
export const crashing = tasksOf('crashing.mjs')

/** One number that all threads see: a gate (closed while 0), or a counter. */
export const cell = () => new Int32Array(new SharedArrayBuffer(4))
export const load = (shared: Int32Array) => Atomics.load(shared, 0)
export const open = (gate: Int32Array) => Atomics.store(gate, 0, 1)

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(1)
}

/** Lets everything happen that needs no more than some turns of the event loop. */
export async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

export const numbers = (count: number) => Array.from({ length: count }, (_, number) => number)

/** 0, 1, 2 ... and what became of it. Refuses to be read on without end, as no test could end either. */
export class Endless implements Iterable<number> {
  pulled = 0
  returned = 0
  static readonly limit = 50_000;

  *[Symbol.iterator](): Generator<number> {
    try {
      for (; this.pulled < Endless.limit; ) yield this.pulled++
      throw new Error('an endless source was read without end')
    } finally {
      this.returned++
    }
  }

  async *later(): AsyncGenerator<number> {
    for (const number of this) {
      await setImmediate()
      yield number
    }
  }
}

export async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const result of results) all.push(result)
  return all
}

const numbersTask: TaskRun<number, number, number, number> = {
  plan: (item) => [{ job: item }],
  settle: (_, value) => value,
  fail: (_, error) => {
    throw error
  },
  failureOf: () => undefined,
}

type NumberParts = RunParts<number, number, number, number>

/** A run of numbers, in order on one thread unless told otherwise, over an executor in the place of a backend. */
export function numberRun(
  items: Items<number>,
  execute: Execute<number, number>,
  parts: Partial<NumberParts> = {},
): AsyncGenerator<number, void, undefined> {
  const defaults = { threads: 1, chunkSize: 'auto', inOrder: true, stopAtFailure: true, cancelsSoon: false } as const
  const source = new Source(items)
  return new Run({
    source,
    task: numbersTask,
    execute,
    cancellation: new Cancellation(),
    ...defaults,
    ...parts,
  }).results()
}

/** Writes WAV files of different lengths, so that a result tells which file it is of. Returns their paths. */
export function writeWavs(folder: string, count: number, frames = 100): string[] {
  return numbers(count).map((number) => {
    const file = path.join(folder, `clean${number}.wav`)
    const format = { name: 'pcm16', tag: 1, bits: 16 } as const
    writeFileSync(file, wav({ data: sine(format, frames + number) }))
    return file
  })
}

/** A WAV file of a gigabyte of silence that takes next to no room on the disk, but its time to work on. */
export function writeLongWav(folder: string, name = 'long.wav'): string {
  const file = path.join(folder, name)
  const dataSize = 2 ** 30
  const header = wav({ dataSize, riffSize: dataSize + 36 })
  const fd = openSync(file, 'wx')
  writeSync(fd, header)
  closeSync(fd)
  truncateSync(file, header.length + dataSize)
  return file
}

/** A program that has the package as `noisemill`. */
export const programFor = (body: string) =>
  `import * as noisemill from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}\n${body}`

/** Runs a program in a Node of its own. */
export function runNode(body: string, flags: readonly string[] = []) {
  const args = [...flags, '--input-type=module', '--eval', programFor(body)]
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 })
}
