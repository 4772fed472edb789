/**
 * The five pitfalls of pools, each as the users of a library write it. Contenders are named by
 * library and way: `-badly` falls into the pitfall, `-well` does not.
 */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { showCount } from '../harness/text.js'
import type { Contender, Size, Workload } from '../harness/workload.js'
import type { Library } from '../programs/pool/libraries.js'
import type { MapSpec } from '../programs/pool/map.js'
import type { ValueKind } from '../programs/pool/values.js'
import { MOST_TASKS, mapping, python, running, SIZE, taskLibraries } from './pool-libraries.js'

const MB = 1e6
/** A process of Node with its threads, at most. */
const NODE_MEMORY = 300 * MB

const tinyItems = { short: 6000, full: 100_000 }
/** Items in an array that users make by hand. */
const BATCH = 1000

const overhead: Workload = {
  name: 'pitfall-overhead',
  title: 'Pitfall: tiny work',
  question: 'What does a pool cost if an item takes a microsecond or two?',
  unit: 'ms',
  reference: 'loop',
  work: (size) =>
    `SHA-256 of ${showCount(tinyItems[size])} numbers, each by a task or an item of its own; ` +
    `libraries of tasks have at most ${showCount(MOST_TASKS)} of them at a time`,
  needs: () => ({ disk: 0, memory: NODE_MEMORY * 2 }),
  contenders(size) {
    const count = tinyItems[size]
    const items = { kind: 'range', count } as const
    const outputs = 'hashes'
    const use = { size: SIZE, mostTasks: MOST_TASKS }
    const one = (library: Library, label?: string, isOnlyInFull = false) =>
      mapping(
        { library, name: 'hashed', items, use },
        { outputs, isOnlyInFull, ...(label && { way: ['badly', label] }) },
      )
    const batches = (library: Library) =>
      mapping(
        { library, name: 'hashedBatch', items, use, batch: BATCH },
        {
          outputs,
          isOnlyInFull: library !== 'piscina',
          way: ['well', `arrays of ${showCount(BATCH)} items, made by hand`],
        },
      )
    const own = (way: [string, string], use: Omit<MapSpec['use'], 'size'>, isOnlyInFull = false) =>
      mapping(
        { library: 'noisemill', name: 'hashed', items, use: { size: SIZE, ...use } },
        { outputs, way, isOnlyInFull },
      )
    return [
      one('loop'),
      one('p-map'),
      own(['badly', 'one item a message (chunkSize: 1)'], { run: { chunkSize: 1 } }),
      own(['well', 'the default'], {}),
      own(['processes', 'processes'], { pool: { backend: 'processes' } }, true),
      python(() => ['overhead', 'loop', count, SIZE], { outputs, way: ['loop', ''], label: 'Python, plain loop' }),
      python(() => ['overhead', 1, count, SIZE], { outputs, way: ['badly', 'one item a message (chunksize=1)'] }),
      python(() => ['overhead', 'auto', count, SIZE], { outputs, way: ['well', 'the default'] }),
      ...taskLibraries.flatMap((library) => [one(library, 'a task for each item'), batches(library)]),
    ]
  },
}

/** What is sent, in words, and whether short runs have it. */
const valueKinds: Readonly<Record<ValueKind, { readonly label: string; readonly isShort: boolean }>> = {
  function: { label: 'a function in an item', isShort: true },
  instance: { label: 'an instance of a class in an item', isShort: true },
  handle: { label: 'an open file in an item', isShort: false },
  result: { label: 'a function as the result', isShort: false },
  error: { label: 'an error with fields of its own', isShort: false },
}
/** Milliseconds after which a program counts as hanging. */
const hangLimits = { short: 700, full: 2000 }

const values: Workload = {
  name: 'pitfall-values',
  title: 'Pitfall: values that cannot cross',
  question: 'How long until the program knows that a value cannot cross to a worker, and what is it told?',
  unit: 'ms',
  reference: 'loop-function',
  work: (size) =>
    `100 items, one with a value that workers cannot copy; no answer in ${hangLimits[size] / 1000} s counts as a hang`,
  needs: () => ({ disk: 0, memory: NODE_MEMORY }),
  contenders(size) {
    const kinds = Object.keys(valueKinds) as ValueKind[]
    const limit = String(hangLimits[size])
    return kinds.flatMap((kind) => {
      const { label, isShort } = valueKinds[kind]
      const of = (library: Library, options = {}, name = '', text = '', isOnlyInFull = !isShort) =>
        running(library, 'values-run', () => [library, kind, limit, JSON.stringify({ size: SIZE, ...options })], {
          way: [name + kind, text + label],
          isOnlyInFull,
        })
      return [
        of('loop'),
        of('noisemill'),
        ...(kind === 'instance'
          ? [of('noisemill', { task: { strict: true } }, 'strict-', 'strict: true, ', true)]
          : []),
        ...(kind === 'function'
          ? [
              of('noisemill', { pool: { backend: 'processes' } }, 'processes-', 'processes, ', true),
              of('p-map', {}, '', '', true),
            ]
          : []),
        python(() => ['values', kind, limit, SIZE], { way: [kind, label], isOnlyInFull: !isShort }),
        ...taskLibraries.map((library) => of(library)),
      ]
    })
  },
}

/** Files that are read or worked on at a time: a worker has one, and the next one is read. */
const FILES_AT_ONCE = 2 * SIZE

const sampleFiles = { count: 24, bytes: { short: 2 * MB, full: 10 * MB } }

/** Samples that are sent are read by the program, and files that are named by the workers. */
const data: Workload = {
  name: 'pitfall-data',
  title: 'Pitfall: samples are sent',
  question: 'What does it cost to send samples to a worker in place of the name of their file?',
  unit: 'ms',
  reference: 'loop',
  work: (size) =>
    `the highest of float32 samples in each of ${sampleFiles.count} files of ${sampleFiles.bytes[size] / MB} MB; ` +
    `libraries of tasks have at most ${FILES_AT_ONCE} files at a time`,
  needs: (size) => {
    const all = sampleFiles.count * sampleFiles.bytes[size]
    return { disk: 2.5 * all, memory: NODE_MEMORY + 3 * all }
  },
  async prepare({ inputs, size }) {
    const samples = new Float32Array(sampleFiles.bytes[size] / Float32Array.BYTES_PER_ELEMENT)
    for (let i = 0; i < sampleFiles.count; i++) {
      // Only a part changes from file to file: sines take long.
      for (let n = 0; n < 1000; n++) samples[n] = Math.sin(0.01 * (i + 1) * n) * (0.1 + i / 30)
      if (i === 0) for (let n = 1000; n < samples.length; n++) samples[n] = samples[n % 1000] / 10
      writeFileSync(path.join(inputs, `${i}.f32`), samples)
    }
  },
  contenders() {
    const outputs = 'peaks'
    const { count } = sampleFiles
    const of = (library: Library, way: string, options: object, more: Parameters<typeof running>[3]) => {
      const use = JSON.stringify({ size: SIZE, mostTasks: FILES_AT_ONCE, ...options })
      return running(library, 'data', ({ inputs }) => [library, way, inputs, String(count), use], { outputs, ...more })
    }
    const ways = (library: Library, shortWays: readonly string[]) => [
      of(library, 'sent', {}, { way: ['badly', 'samples are copied'], isOnlyInFull: !shortWays.includes('sent') }),
      of(
        library,
        'transferred',
        {},
        {
          way: ['transferred', 'samples are transferred'],
          isOnlyInFull: !shortWays.includes('transferred'),
        },
      ),
      of(
        library,
        'named',
        {},
        { way: ['well', 'names of files are sent'], isOnlyInFull: !shortWays.includes('named') },
      ),
    ]
    const inPython = (way: string, name: string, label: string, isOnlyInFull = false) =>
      python(({ inputs }) => ['data', way, inputs, count, SIZE], {
        outputs,
        way: [name, label],
        isOnlyInFull,
        needsNumpy: true,
      })
    return [
      of('loop', 'named', {}, {}),
      of('p-map', 'sent', {}, { isOnlyInFull: true }),
      ...ways('noisemill', ['sent', 'transferred', 'named']),
      of(
        'noisemill',
        'sent',
        { pool: { backend: 'processes' } },
        { way: ['processes', 'processes, samples are copied'], isOnlyInFull: true },
      ),
      inPython('sent', 'badly', 'samples are pickled'),
      inPython('shared', 'transferred', 'samples are put in shared memory', true),
      inPython('named', 'well', 'names of files are sent'),
      ...ways('piscina', ['sent', 'transferred']),
      ...taskLibraries.slice(1).flatMap((library) => ways(library, [])),
    ]
  },
}

const sharedItems = { short: 100, full: 400 }

const shared: Workload = {
  name: 'pitfall-shared',
  title: 'Pitfall: work that items share is done again',
  question: 'What does it cost if each task makes a table that a worker could make once?',
  unit: 'ms',
  reference: 'loop',
  work: (size) =>
    `${sharedItems[size]} items of half a millisecond that need a table of 4,000 hashes, and the start of the pool`,
  needs: () => ({ disk: 0, memory: NODE_MEMORY }),
  contenders(size) {
    const count = sharedItems[size]
    const outputs = 'hashes'
    const of = (
      library: Library,
      name: MapSpec['name'],
      way: readonly [string, string] | undefined,
      use = {},
      isOnlyInFull = false,
    ) =>
      mapping(
        {
          library,
          name,
          items: { kind: 'range', count },
          isStartMeasured: true,
          use: { size: SIZE, ...use },
        },
        { outputs, isOnlyInFull, ...(way && { way }) },
      )
    const badly = ['badly', 'each task makes the table'] as const
    const once = ['well', 'a variable of the module has the table'] as const
    const inPython = (way: string, name: string, label: string) =>
      python(() => ['shared', way, count, SIZE], {
        outputs,
        way: [name, label],
        ...(way === 'loop' && { label: 'Python, plain loop' }),
      })
    return [
      of('loop', 'fromOwnTable', undefined),
      of('p-map', 'fromOwnTable', undefined),
      of('noisemill', 'fromNewTable', badly),
      of('noisemill', 'fromTable', ['well', "the task's setup makes the table"], { task: { setup: 'makeTable' } }),
      inPython('loop', 'loop', ''),
      inPython('each', ...badly),
      inPython('initializer', 'well', 'the initializer makes the table'),
      ...taskLibraries.flatMap((library) => [
        of(library, 'fromNewTable', badly, {}, library !== 'piscina'),
        of(library, 'fromOwnTable', once, {}, library !== 'piscina'),
      ]),
    ]
  },
}

const blockItems = { short: { count: 1500, rounds: 40 }, full: { count: 10_000, rounds: 40 } }

/** Sizes from one item to all of them. There are fewer where items are even, because little depends on them there. */
function chunkSizes(size: Size, shape: string): number[] {
  const { count } = blockItems[size]
  if (size === 'short') return [1, 50, count]
  return shape === 'even' ? [1, 100, count / 2, count] : [1, 10, 100, 1000, count / 2, count]
}

/** Results are dropped once they have been seen, so that memory is that of the chunks. */
const chunks: Workload = {
  name: 'pitfall-chunks',
  title: 'Pitfall: the chunk size is guessed',
  question: 'How do time and memory depend on the number of items that a worker gets at a time?',
  unit: 'ms',
  reference: 'loop-uneven',
  work: (size) =>
    `${showCount(blockItems[size].count)} items of some 40 us, with results of 4 kB; the last of uneven items take longest`,
  needs: () => ({ disk: 0, memory: NODE_MEMORY * 2 }),
  contenders(size) {
    const { count, rounds } = blockItems[size]
    const numbers = [count, rounds, SIZE].map(String)
    return ['uneven', 'even'].flatMap((shape): Contender[] => {
      const isOnlyInFull = shape === 'even'
      const common = (name: string, label: string) => ({
        outputs: shape,
        isOnlyInFull,
        way: [`${shape}-${name}`, `${shape} items${label}`] as const,
      })
      const curve = (series: string, x: number) => ({
        ...common(String(x), `, ${x === 1 ? '1 item' : `${showCount(x)} items`} a chunk`),
        series: `${series}, ${shape} items`,
        x,
      })
      const of = (library: Library, x: number | 'auto', more: Parameters<typeof running>[3]) =>
        running(library, 'chunks', () => [library, String(x), shape, ...numbers], more)
      const sizes = chunkSizes(size, shape)
      return [
        of('loop', 1, { ...common('', ''), way: [shape, `${shape} items`] }),
        of('noisemill', 'auto', common('auto', ', the default')),
        ...sizes.map((x) => of('noisemill', x, curve('noisemill', x))),
        python(() => ['chunks', 'loop', shape, ...numbers], {
          ...common('loop', ''),
          label: `Python, plain loop, ${shape} items`,
        }),
        python(() => ['chunks', 'auto', shape, ...numbers], common('auto', ', the default of imap')),
        ...sizes.map((x) => python(() => ['chunks', x, shape, ...numbers], curve("Python's Pool", x))),
        ...sizes.map((x) => of('piscina', x, curve('Piscina, arrays made by hand', x))),
      ]
    })
  },
}

export const pitfalls: readonly Workload[] = [overhead, values, data, shared, chunks]
