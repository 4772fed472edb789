/** The types of results. The compiler checks them; nothing is run. */

import { expectTypeOf, test } from 'vitest'
import {
  type addNoiseToWav,
  type DoneItem,
  type FileItem,
  type FileResult,
  type ItemRecord,
  type Items,
  type ModuleTask,
  moduleTask,
  type NoiseTask,
  type Pool,
  type RunOptions,
  type Task,
  type TaskContext,
} from '../../dist/index.js'

type Generator<Result> = AsyncGenerator<Result, void, undefined>
type Point = { readonly x: number }

/** What each way to run is given, by what: asked with types alone. */
declare const pool: Pool
declare const noise: NoiseTask
declare const length: ModuleTask<Point, string>
declare const points: Point[]
declare const options: RunOptions
const collect = { errors: 'collect' } as const
const stop = { errors: 'throw' } as const

test('a noise task gives a FileResult everywhere', () => {
  const files: Items<FileItem> = []
  const ways = {
    map: () => pool.map(noise, ['a.wav']),
    mapOthers: () => pool.map(noise, [new URL('file:///a.wav'), { input: 'b.wav' }]),
    mapCollect: () => pool.map(noise, files, collect),
    mapThrow: () => pool.map(noise, files, stop),
    imap: () => pool.imap(noise, files, options),
    imapCollect: () => pool.imap(noise, files, collect),
    unordered: () => pool.imapUnordered(noise, files),
    unorderedCollect: () => pool.imapUnordered(noise, files, collect),
    unorderedThrow: () => pool.imapUnordered(noise, files, stop),
  }
  expectTypeOf(ways.map).returns.resolves.toEqualTypeOf<FileResult[]>()
  expectTypeOf(ways.mapOthers).returns.resolves.toEqualTypeOf<FileResult[]>()
  expectTypeOf(ways.mapCollect).returns.resolves.toEqualTypeOf<FileResult[]>()
  expectTypeOf(ways.mapThrow).returns.resolves.toEqualTypeOf<FileResult[]>()
  expectTypeOf(ways.imap).returns.toEqualTypeOf<Generator<FileResult>>()
  expectTypeOf(ways.imapCollect).returns.toEqualTypeOf<Generator<FileResult>>()
  expectTypeOf(ways.unordered).returns.toEqualTypeOf<Generator<FileResult>>()
  expectTypeOf(ways.unorderedCollect).returns.toEqualTypeOf<Generator<FileResult>>()
  expectTypeOf(ways.unorderedThrow).returns.toEqualTypeOf<Generator<FileResult>>()
})

test('a module task gives values in order, done items as they come, and records where errors are collected', () => {
  const ways = {
    map: () => pool.map(length, points),
    mapOptions: () => pool.map(length, points, options),
    mapCollect: () => pool.map(length, points, collect),
    imap: () => pool.imap(length, points, stop),
    imapCollect: () => pool.imap(length, points, { ...collect, chunkSize: 1 }),
    unordered: () => pool.imapUnordered(length, points),
    unorderedOptions: () => pool.imapUnordered(length, points, options),
    unorderedCollect: () => pool.imapUnordered(length, points, collect),
  }
  expectTypeOf(ways.map).returns.resolves.toEqualTypeOf<string[]>()
  expectTypeOf(ways.mapOptions).returns.resolves.toEqualTypeOf<string[]>()
  expectTypeOf(ways.mapCollect).returns.resolves.toEqualTypeOf<ItemRecord<Point, string>[]>()
  expectTypeOf(ways.imap).returns.toEqualTypeOf<Generator<string>>()
  expectTypeOf(ways.imapCollect).returns.toEqualTypeOf<Generator<ItemRecord<Point, string>>>()
  expectTypeOf(ways.unordered).returns.toEqualTypeOf<Generator<DoneItem<Point, string>>>()
  expectTypeOf(ways.unorderedOptions).returns.toEqualTypeOf<Generator<DoneItem<Point, string>>>()
  expectTypeOf(ways.unorderedCollect).returns.toEqualTypeOf<Generator<ItemRecord<Point, string>>>()
})

/** As a module's `typeof import('./etl.js')` is. */
interface Etl {
  scale(item: number, factor: number): string
  load(item: Point, data: unknown, context: TaskContext): Promise<readonly Point[]>
  readonly now: () => Date
  default(item: string): number
  readonly version: string
}
declare const url: URL
declare const scale: Etl['scale']

test('a module task has the types of the function that a module exports', () => {
  const ways = {
    scale: () => moduleTask<Etl, 'scale'>(url, 'scale'),
    promised: () => moduleTask<Etl, 'load'>(url, 'load', { setup: 'open' }),
    withoutItem: () => moduleTask<Etl, 'now'>(url, 'now'),
    imported: () => moduleTask<typeof import('../../dist/index.js'), 'addNoiseToWav'>(url, 'addNoiseToWav'),
    called: () => moduleTask<typeof scale>(url, 'scale'),
    byDefault: () => moduleTask<Etl['default']>(url),
  }
  expectTypeOf(ways.scale).returns.toEqualTypeOf<ModuleTask<number, string>>()
  expectTypeOf(ways.promised).returns.toEqualTypeOf<ModuleTask<Point, readonly Point[]>>()
  expectTypeOf(ways.withoutItem).returns.toEqualTypeOf<ModuleTask<unknown, Date>>()
  expectTypeOf(ways.imported).returns.toEqualTypeOf<
    ModuleTask<Parameters<typeof addNoiseToWav>[0], Awaited<ReturnType<typeof addNoiseToWav>>>
  >()
  expectTypeOf(ways.called).returns.toEqualTypeOf<ModuleTask<number, string>>()
  expectTypeOf(ways.byDefault).returns.toEqualTypeOf<ModuleTask<string, number>>()
  expectTypeOf(() => pool.map(ways.scale(), [1])).returns.resolves.toEqualTypeOf<string[]>()
})

test('a module task has the types of items and results, if those are given', () => {
  const ways = {
    both: () => moduleTask<string, number>(url, 'etl'),
    objects: () => moduleTask<Point, 'near' | 'far'>(url, 'etl'),
    lists: () => moduleTask<string[], 'near' | 'far'>(url, 'etl'),
    bytes: () => moduleTask<Uint8Array, 'a'>(url, 'etl'),
    // biome-ignore lint/suspicious/noExplicitAny: tasks of any types exist
    anything: () => moduleTask<any, any>(url, 'etl'),
    item: () => moduleTask<string>(url, 'etl'),
    fromTransfer: () => moduleTask(url, 'etl', { transfer: { items: (item: Float32Array) => [item.buffer] } }),
  }
  expectTypeOf(ways.both).returns.toEqualTypeOf<ModuleTask<string, number>>()
  expectTypeOf(ways.objects).returns.toEqualTypeOf<ModuleTask<Point, 'near' | 'far'>>()
  expectTypeOf(ways.lists).returns.toEqualTypeOf<ModuleTask<string[], 'near' | 'far'>>()
  expectTypeOf(ways.bytes).returns.toEqualTypeOf<ModuleTask<Uint8Array, 'a'>>()
  // biome-ignore lint/suspicious/noExplicitAny: tasks of any types exist
  expectTypeOf(ways.anything).returns.toEqualTypeOf<ModuleTask<any, any>>()
  expectTypeOf(ways.item).returns.toEqualTypeOf<ModuleTask<string, unknown>>()
  expectTypeOf(ways.fromTransfer).returns.toEqualTypeOf<ModuleTask<Float32Array, unknown>>()
  const assigned = (): ModuleTask<Point, string> => moduleTask(url, 'etl')
  expectTypeOf(assigned).returns.toEqualTypeOf<ModuleTask<Point, string>>()
})

test('a module task is refused by the compiler if its types contradict', () => {
  const wrong = [
    // @ts-expect-error the module does not export it
    () => moduleTask<Etl, 'absent'>(url, 'absent'),
    // @ts-expect-error it is not a function
    () => moduleTask<Etl, 'version'>(url, 'version'),
    // @ts-expect-error the name is another
    () => moduleTask<Etl, 'scale'>(url, 'load'),
    // @ts-expect-error the name is missing
    () => moduleTask<Etl, 'scale'>(url),
    // @ts-expect-error the items are numbers
    () => pool.map(moduleTask<Etl, 'scale'>(url, 'scale'), ['a']),
    // @ts-expect-error the items are numbers
    () => pool.map(moduleTask<typeof scale>(url, 'scale'), ['a']),
    // @ts-expect-error a function of other items
    () => moduleTask<Etl, 'scale'>(url, 'scale', { transfer: { items: (item: Point) => [item] } }),
    // @ts-expect-error not a list
    () => moduleTask<number, string>(url, 'scale', { transfer: { items: () => 1 } }),
  ]
  expectTypeOf(wrong).toBeArray()
})

test('a module task without types takes anything and gives what must be looked at first', () => {
  const untyped = () => moduleTask('/etl.js', 'etl')
  expectTypeOf(untyped).returns.toEqualTypeOf<ModuleTask<unknown, unknown>>()
  expectTypeOf(() => pool.map(untyped(), points)).returns.resolves.toEqualTypeOf<unknown[]>()
  expectTypeOf(() => pool.map(moduleTask('/etl.js'), points)).returns.resolves.toEqualTypeOf<unknown[]>()
  expectTypeOf(() => pool.imap(moduleTask('/etl.js'), points)).returns.toEqualTypeOf<Generator<unknown>>()
  expectTypeOf(() => pool.imapUnordered(untyped(), points)).returns.toEqualTypeOf<
    Generator<DoneItem<unknown, unknown>>
  >()
  expectTypeOf(() => pool.map(untyped(), points, collect)).returns.resolves.toEqualTypeOf<
    ItemRecord<unknown, unknown>[]
  >()
  const wanted: () => ModuleTask<Point, string> = () => moduleTask('/etl.js')
  expectTypeOf(() => pool.map(wanted(), points)).returns.resolves.toEqualTypeOf<string[]>()
})

test('items of another type are refused', () => {
  const wrong = () => {
    // @ts-expect-error a number is no file
    pool.map(noise, [42])
    // @ts-expect-error a text has no x
    pool.imap(length, ['a'])
    // @ts-expect-error a number has no x
    pool.imapUnordered(length, [1], collect)
    // @ts-expect-error a path is no list of files
    pool.map(noise, 42)
  }
  expectTypeOf(wrong).returns.toBeVoid()
})

test('a function takes any task of its types', () => {
  const run = (task: Task<FileItem, FileResult>) => pool.map(task, ['a.wav'])
  expectTypeOf(() => run(noise)).returns.resolves.toEqualTypeOf<FileResult[]>()
  const call = (task: ModuleTask<number, number>) => pool.map(task, [1])
  expectTypeOf(call).returns.resolves.toEqualTypeOf<number[]>()
})
