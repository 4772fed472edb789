/** The pool with functions of a user, beside other libraries. Only in full runs. */

import { showCount } from '../harness/text.js'
import type { Contender, Workload } from '../harness/workload.js'
import type { Library } from '../programs/pool/libraries.js'
import type { Items, MapSpec } from '../programs/pool/map.js'
import type { WorkName } from '../programs/pool/works.js'
import { MOST_TASKS, type More, mapping, running, SIZE, taskLibraries } from './pool-libraries.js'

/** Steps of `spin`, each of which takes about 1.3 ns on a core of its own. */
const MICROSECOND = 750
const MILLISECOND = 1000 * MICROSECOND

const needs = () => ({ disk: 0, memory: 600e6 })

/** A way to use a library, with the words for it. */
interface Way {
  readonly library: Library
  readonly way?: More['way']
  readonly use?: Omit<MapSpec['use'], 'size'>
}

const bounded = { mostTasks: MOST_TASKS }
const hundred = { tasksAtOnce: 100, ...bounded }
const hundredWay = ['100-tasks', '100 tasks a thread'] as const

/** noisemill, and each library with a task for each item. */
const pools: readonly Way[] = [
  { library: 'noisemill' },
  ...taskLibraries.map((library) => ({ library, use: bounded })),
  { library: 'piscina', way: hundredWay, use: hundred },
  { library: 'tinypool', way: hundredWay, use: hundred },
]

const contender = ({ library, way, use }: Way, name: MapSpec['name'], items: Items, more: Partial<More> = {}) =>
  mapping(
    { library, name, items, use: { size: SIZE, ...use } },
    { isOnlyInFull: true, outputs: name, ...(way && { way }), ...more },
  )

const TINY = 50_000

const tiny: Workload = {
  name: 'pool-tiny',
  title: 'Pool: numbers of 4 us',
  question: 'From how little work on is a pool faster than a loop?',
  unit: 'ms',
  reference: 'loop',
  work: () => `${showCount(TINY)} items of about 4 us, and as many of 1 us; items and results are numbers`,
  needs,
  contenders() {
    const items = { kind: 'same', count: TINY, steps: 4 * MICROSECOND } as const
    const tinier = { ...items, steps: MICROSECOND }
    const shorter = (library: Library) =>
      contender({ library, way: ['1-us', '1 us'] }, 'spin', tinier, { outputs: '1 us' })
    return [
      contender({ library: 'loop' }, 'spin', items),
      ...pools.map((way) => contender(way, 'spin', items)),
      shorter('loop'),
      shorter('noisemill'),
    ]
  },
}

const objects: Workload = {
  name: 'pool-objects',
  title: 'Pool: objects of 4 us',
  question: 'What do objects cost beside numbers?',
  unit: 'ms',
  reference: 'loop',
  work: () => `${showCount(TINY)} items of about 4 us, which are objects of four fields, and so are the results`,
  needs,
  contenders() {
    const items = { kind: 'fields', count: TINY, steps: 4 * MICROSECOND } as const
    return [{ library: 'loop' } as Way, ...pools].map((way) => contender(way, 'spinFields', items))
  },
}

const PROCESSES: Way = { library: 'processes' }
/** The work is divided beforehand, with the knowledge of how long each item takes. */
const limit = { kind: 'limit', label: `${SIZE} processes without a pool, work divided beforehand` } as const

const steady: Workload = {
  name: 'pool-steady',
  title: 'Pool: items of 4 ms',
  question: 'How much of the time do pools lose if items are long?',
  unit: 'ms',
  reference: 'processes',
  work: () => '250 items of about 4 ms',
  needs,
  contenders() {
    const items = { kind: 'same', count: 250, steps: 4 * MILLISECOND } as const
    return [contender(PROCESSES, 'spin', items, limit), ...pools.map((way) => contender(way, 'spin', items))]
  },
}

const works = ['shuffled', 'worst first', 'worst last'] as const satisfies readonly WorkName[]

const skewed: Workload = {
  name: 'pool-skewed',
  title: 'Pool: uneven items',
  question: 'How well do pools divide items of which 1 % take three quarters of the time?',
  unit: 'ms',
  reference: 'processes-shuffled',
  work: () => '1,000 items of about 1 ms on average, of which 1 % take three quarters of the time, in three orders',
  needs,
  contenders: () =>
    works.flatMap((work) => {
      const items = { kind: 'work', count: 1000, steps: MILLISECOND, work } as const
      const at = (pool: Way, more: Partial<More> = {}) => {
        const [name, label] = pool.way ?? []
        const way = [
          [name, work.replace(' ', '-')].filter(Boolean).join('-'),
          [label, work].filter(Boolean).join(', '),
        ] as const
        return contender({ ...pool, way }, 'spin', items, { outputs: work, ...more })
      }
      return [
        at(PROCESSES, { ...limit, label: `${limit.label}, ${work}` }),
        at({ library: 'noisemill' }),
        ...taskLibraries.map((library) => at({ library })),
        at({ library: 'poolifier', way: ['queue', 'with a queue'], use: { hasQueue: true } }),
      ]
    }),
}

const NUMBERS = 1_000_000

const numbers: Workload = {
  name: 'pool-numbers',
  title: 'Pool: numbers without work',
  question: 'What does an item cost by itself, and how does that depend on the chunk size?',
  unit: 'us an item',
  reference: 'noisemill-map-auto',
  work: () => `1 is added to each of ${showCount(NUMBERS)} numbers`,
  needs,
  contenders() {
    const of = (method: string, chunkSize: number | 'auto') =>
      running('noisemill', 'numbers', () => [method, chunkSize, NUMBERS, SIZE].map(String), {
        isOnlyInFull: true,
        outputs: 'sums',
        way: [
          `${method}-${chunkSize}`,
          `${method}, chunks: ${chunkSize === 'auto' ? chunkSize : showCount(chunkSize)}`,
        ],
        ...(chunkSize !== 'auto' && { series: method, x: chunkSize }),
      })
    return ['map', 'imap'].flatMap((method) =>
      (['auto', 100, 1000, 10_000, 100_000, NUMBERS] as const).map((chunkSize) => of(method, chunkSize)),
    )
  },
}

const ARRAYS = { count: 20, bytes: 10_000_000 }

const arrays: Workload = {
  name: 'pool-arrays',
  title: 'Pool: large items',
  question: 'What does it cost to send an array that is in memory already?',
  unit: 'ms',
  reference: 'noisemill-named',
  work: () => `${ARRAYS.count} arrays of 10 MB, which exist before; milliseconds an array`,
  needs: () => ({ disk: 0, memory: 2 * ARRAYS.count * ARRAYS.bytes + 600e6 }),
  contenders() {
    const of = (library: Library, way: string, label: string): Contender => {
      const made = running(library, 'arrays', () => [library, way, ARRAYS.count, ARRAYS.bytes, SIZE].map(String), {
        isOnlyInFull: true,
        outputs: way === 'named' ? 'names' : 'arrays',
        way: [way, label],
      })
      const command: Contender['command'] = (place) => {
        const { args, ...others } = made.command(place)
        return { ...others, args: ['--expose-gc', ...args] }
      }
      return { ...made, command }
    }
    const all = ['noisemill', ...taskLibraries] as const
    return [
      of('noisemill', 'named', 'a name in place of each array'),
      ...all.map((library) => of(library, 'transferred', 'transferred')),
      ...all.map((library) => of(library, 'sent', 'copied')),
    ]
  },
}

const STREAM = 1_000_000

const stream: Workload = {
  name: 'pool-stream',
  title: 'Pool: a stream',
  question: 'How much memory does a stream of items need, and how late is the event loop?',
  unit: 'ms',
  reference: 'noisemill-at-once',
  work: () => `${showCount(STREAM)} numbers from an asynchronous source, by imap`,
  needs,
  contenders: () =>
    [
      ['at-once', 'source that yields at once'],
      ['waiting', 'source that waits for the event loop'],
    ].map(([way, label]) =>
      running('noisemill', 'stream', () => [way, STREAM, SIZE].map(String), {
        isOnlyInFull: true,
        outputs: 'stream',
        way: [way, label],
      }),
    ),
}

const waits: Workload = {
  name: 'pool-waits',
  title: 'Pool: items that wait',
  question: 'How many functions that only wait can a pool have at a time?',
  unit: 'ms',
  reference: 'p-map',
  work: () => '200 timers of 100 ms, all of which wait at the same time',
  needs,
  contenders() {
    const items = { kind: 'same', count: 200, steps: 100 } as const
    const most = Math.ceil(200 / SIZE)
    const way = ['concurrent', `${most} at a time in a thread`] as const
    return [
      mapping(
        { library: 'p-map', name: 'wait', items, use: { size: 200 } },
        { isOnlyInFull: true, outputs: 'wait', label: 'p-map, 200 at a time, no threads' },
      ),
      contender({ library: 'noisemill', way, use: { run: { concurrency: most } } }, 'wait', items),
      contender({ library: 'piscina', way, use: { tasksAtOnce: most } }, 'wait', items),
      contender({ library: 'tinypool', way, use: { tasksAtOnce: most } }, 'wait', items),
      contender({ library: 'poolifier' }, 'wait', items),
    ]
  },
}

const beside: Workload = {
  name: 'pool-beside',
  title: 'Pool: two runs at a time',
  question: 'How long does a short run take beside a long one on the same pool?',
  unit: 'ms',
  reference: 'noisemill-alone',
  work: () => '100 items of about 1 ms, alone and beside a run that takes all threads for long',
  needs,
  contenders: () =>
    [
      ['alone', 'alone'],
      ['beside', 'beside a long run'],
    ].map(([way, label]) =>
      running('noisemill', 'beside', () => [way, 100, MILLISECOND, SIZE].map(String), {
        isOnlyInFull: true,
        outputs: 'beside',
        way: [way, label],
      }),
    ),
}

const TABLES = { count: 40, bytes: 50_000_000 }

const tables: Workload = {
  name: 'pool-tables',
  title: 'Pool: data of tasks',
  question: 'How much memory do tasks need that each have a table?',
  unit: 'ms',
  reference: 'noisemill-data',
  work: () => `${TABLES.count} tasks, one after the other, each with 50 MB of data or of shared memory`,
  needs: () => ({ disk: 0, memory: 2e9 }),
  contenders: () =>
    ['data', 'shared'].map((way) =>
      running('noisemill', 'tables', () => [way, TABLES.count, TABLES.bytes, SIZE].map(String), {
        isOnlyInFull: true,
        outputs: 'tables',
        way: [way, way],
      }),
    ),
}

export const pool: readonly Workload[] = [tiny, objects, steady, skewed, numbers, arrays, stream, waits, beside, tables]
