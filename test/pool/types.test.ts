/** The types of results. The compiler checks them; nothing is run. */

import { expectTypeOf, test } from 'vitest'
import {
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
