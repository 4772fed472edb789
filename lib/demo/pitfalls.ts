/**
 * The five pitfalls of `noisemill demo pitfalls`. Each does the same work in a plain loop, with the
 * pool used badly, and with the pool used well.
 */

import path from 'node:path'
import type { ModuleTaskOptions, Pool, RunOptions, Verdict } from '../index.js'
import * as tasks from './pitfall-tasks.js'

/** What a way of doing the work gets. */
export interface Place {
  readonly pool: Pool
  readonly folder: string
  /** Calls a function of `pitfall-tasks.ts` on the pool, for each item. */
  map(
    name: keyof typeof tasks,
    items: Iterable<unknown>,
    options?: RunOptions,
    taskOptions?: ModuleTaskOptions,
  ): Promise<unknown[]>
}

/** One way of doing the work of a pitfall. */
export interface Way {
  /** 'other' is neither bad nor good: it is shown for comparison. */
  readonly kind: 'loop' | 'badly' | 'other' | 'well'
  readonly name: string
  run(place: Place): unknown
}

export interface Pitfall {
  /** A short name, for tables. */
  readonly name: string
  readonly title: string
  /** The doctor's word for it. */
  readonly subject: Verdict['subject']
  /** What the ways do, as a verb and its object. */
  readonly work: string
  /** Makes what the work needs; its time is not measured. */
  prepare?(place: Place): Promise<unknown>
  readonly ways: readonly Way[]
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

const overhead = (): Pitfall => {
  const numbers = range(10_000)
  return {
    name: 'overhead',
    subject: 'overhead',
    title: 'The overhead is larger than the work',
    work: `multiply ${numbers.length} numbers by ten`,
    ways: [
      { kind: 'loop', name: 'plain loop', run: () => numbers.map(tasks.timesTen) },
      {
        kind: 'badly',
        name: 'one number a trip (chunkSize: 1)',
        run: ({ map }) => map('timesTen', numbers, { chunkSize: 1 }),
      },
      { kind: 'well', name: 'the default chunks', run: ({ map }) => map('timesTen', numbers) },
    ],
  }
}

const functionsInItems = (): Pitfall => {
  const calls = Array.from({ length: 200 }, (_, i) => ({ name: 'fibonacci' as const, n: 10_000 + i }))
  const run = (n: number) => tasks.fibonacci(n)
  return {
    name: 'functions sent',
    subject: 'values',
    title: 'A value cannot cross to a thread',
    work: `compute ${calls.length} Fibonacci numbers, by a function that the items name`,
    ways: [
      { kind: 'loop', name: 'plain loop', run: () => calls.map(tasks.callNamed) },
      {
        kind: 'badly',
        name: 'a function in the item',
        run: ({ map }) =>
          map(
            'callFunction',
            calls.map(({ n }) => ({ run, n })),
          ),
      },
      { kind: 'well', name: 'the name of a function in the item', run: ({ map }) => map('callNamed', calls) },
      {
        kind: 'well',
        name: 'the function as the task',
        run: ({ map }) =>
          map(
            'fibonacci',
            calls.map(({ n }) => n),
          ),
      },
    ],
  }
}

const SAMPLES_FILES = 48
const SAMPLES = 500_000

/** Most bytes that the pitfalls have in the temporary folder at the same time. */
export const MOST_BYTES = SAMPLES_FILES * SAMPLES * Float32Array.BYTES_PER_ELEMENT

const dataSent = (): Pitfall => {
  const filesIn = (folder: string) => range(SAMPLES_FILES).map((i) => path.join(folder, `${i}.f32`))
  function* arraysIn(folder: string) {
    for (const file of filesIn(folder)) yield tasks.readSamples(file)
  }
  return {
    name: 'arrays sent',
    subject: 'data',
    title: 'Data is sent where a name would do',
    work: `find the highest sample in each of ${SAMPLES_FILES} files of 2 MB`,
    prepare: ({ folder, map }) =>
      map(
        'writeSamples',
        filesIn(folder).map((file, i) => ({ file, samples: SAMPLES, frequency: 0.01 + i * 0.001 })),
      ),
    ways: [
      { kind: 'loop', name: 'plain loop', run: ({ folder }) => filesIn(folder).map(tasks.peakOfFile) },
      { kind: 'badly', name: 'arrays are copied', run: ({ folder, map }) => map('peak', arraysIn(folder)) },
      {
        kind: 'well',
        name: 'arrays are moved (transfer: true)',
        run: ({ folder, map }) => map('peak', arraysIn(folder), {}, { transfer: true }),
      },
      { kind: 'well', name: 'names of files are sent', run: ({ folder, map }) => map('peakOfFile', filesIn(folder)) },
    ],
  }
}

const sharedWork = (): Pitfall => {
  const numbers = range(10_000)
  return {
    name: 'work repeated',
    subject: 'repetition',
    title: 'Every item repeats the same work',
    work: `add the digits of each of the first ${numbers.length} Fibonacci numbers`,
    ways: [
      {
        kind: 'loop',
        name: 'plain loop',
        run: () => tasks.fibonacciNumbers(numbers.length).map(tasks.digitSum),
      },
      {
        kind: 'badly',
        name: 'each item computes from the first',
        run: ({ map }) => map('digitSumFromBeginning', numbers),
      },
      {
        kind: 'well',
        name: 'each thread computes once (setup)',
        run: ({ map }) => map('digitSumFromNumbers', numbers, {}, { setup: 'fibonacciNumbers', data: numbers.length }),
      },
    ],
  }
}

const UNEVEN_ITEMS = 10_000
const LONGEST_STEPS = 100_000
const SIZES = [10, 100, 1000]

const chunkSizes = (): Pitfall => {
  const items = range(UNEVEN_ITEMS).map((i) => Math.round(LONGEST_STEPS * (i / UNEVEN_ITEMS) ** 2))
  return {
    name: 'chunk size',
    subject: 'chunks',
    title: 'The chunk size is guessed',
    work: `compute for ${items.length} items, of which the last take longest`,
    ways: [
      { kind: 'loop', name: 'plain loop', run: () => tasks.computeAll(items) },
      {
        kind: 'badly',
        name: 'one array for each thread',
        run: async ({ map, pool }) => (await map('computeAll', partsOf(items, pool.info.threads))).flat(),
      },
      { kind: 'badly', name: 'chunkSize: 1', run: ({ map }) => map('compute', items, { chunkSize: 1 }) },
      ...SIZES.map((chunkSize) => ({
        kind: 'other' as const,
        name: `chunkSize: ${chunkSize}`,
        run: ({ map }: Place) => map('compute', items, { chunkSize }),
      })),
      { kind: 'well', name: "chunkSize: 'auto', the default", run: ({ map }) => map('compute', items) },
    ],
  }
}

function partsOf<T>(items: readonly T[], count: number): T[][] {
  const length = Math.ceil(items.length / count)
  return range(count).map((i) => items.slice(i * length, (i + 1) * length))
}

/** The pitfalls, in the order in which they are shown. */
export const pitfalls: readonly (() => Pitfall)[] = [overhead, functionsInItems, dataSent, sharedWork, chunkSizes]
