/**
 * The contenders of the pool's benchmark: noisemill, other libraries with a task for each item,
 * processes without a pool, and a loop. Each calls functions of `functions.ts` by name.
 */

import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { FixedThreadPool } from 'poolifier'
import { Tinypool } from 'tinypool'
import workerpool from 'workerpool'
import { type ModuleTaskOptions, moduleTask, Pool, type RunOptions } from '../../dist/index.js'
import { JOBS } from '../programs.js'
import type * as functions from './functions.js'
import { spin, spinFields } from './functions.js'
import { ask } from './processes.js'

/** The versions of the other libraries, for records. */
export function libraryVersions(): Record<string, string> {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  return Object.fromEntries(
    ['piscina', 'tinypool', 'poolifier', 'workerpool'].map((name) => [name, devDependencies[name]]),
  )
}

/** Calls a function for each item, on threads that stay for the next call. */
export type MapItems = (items: readonly unknown[]) => Promise<unknown[]>

type Name = keyof typeof functions

const fileOf = (name: string) => new URL(name, import.meta.url)
export const FUNCTIONS = fileOf('./functions.js')

export function plainLoop(name: 'spin' | 'spinFields'): MapItems {
  const call = { spin, spinFields }[name] as (item: unknown) => unknown
  return async (items) => items.map((item) => call(item))
}

export function noisemill(name: Name, options: RunOptions = {}, taskOptions: ModuleTaskOptions = {}): MapItems {
  const pool = new Pool({ size: JOBS })
  const task = moduleTask(FUNCTIONS, name, taskOptions)
  return (items) => pool.map(task, items, options)
}

/**
 * Most tasks that a library has at once. tinypool and workerpool search or move their whole queue
 * for each task, so they take two to three times as long with all tasks at once.
 */
const MOST_TASKS = 100 * JOBS

async function mapTasks(items: readonly unknown[], run: (item: unknown) => PromiseLike<unknown>): Promise<unknown[]> {
  const results: unknown[] = []
  let next = 0
  const runTasks = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await run(items[index])
    }
  }
  await Promise.all(Array.from({ length: MOST_TASKS }, runTasks))
  return results
}

/** What a task transfers to the thread instead of copying it. */
type Transfer = (item: unknown) => ArrayBuffer[]

const nothing: Transfer = () => []
export const buffer: Transfer = (item) => [(item as Float64Array<ArrayBuffer>).buffer]

export function piscina(name: Name, concurrentTasksPerWorker = 1, transfer = nothing): MapItems {
  const pool = new Piscina({ filename: FUNCTIONS.href, minThreads: JOBS, maxThreads: JOBS, concurrentTasksPerWorker })
  return (items) => mapTasks(items, (item) => pool.run(item, { name, transferList: transfer(item) }))
}

export function tinypool(name: Name, concurrentTasksPerWorker = 1, transfer = nothing): MapItems {
  const pool = new Tinypool({ filename: FUNCTIONS.href, minThreads: JOBS, maxThreads: JOBS, concurrentTasksPerWorker })
  return (items) => mapTasks(items, (item) => pool.run(item, { name, transferList: transfer(item) }))
}

/** @param enableTasksQueue whether a thread gets a task only when it is free */
export function poolifier(name: Name, enableTasksQueue = false, transfer = nothing): MapItems {
  const worker = fileURLToPath(fileOf('./poolifier-worker.js'))
  const pool = new FixedThreadPool(JOBS, worker, { enableTasksQueue })
  if (transfer === nothing) return (items) => pool.mapExecute(items, name)
  return (items) => mapTasks(items, (item) => pool.execute(item, name, undefined, transfer(item)))
}

export function workerPool(name: Name, transfer = nothing): MapItems {
  const worker = fileURLToPath(fileOf('./workerpool-worker.js'))
  const pool = workerpool.pool(worker, { minWorkers: JOBS, maxWorkers: JOBS, workerType: 'thread' })
  return (items) => mapTasks(items, (item) => pool.exec(name, [item], { transfer: transfer(item) }))
}

/**
 * Processes without a pool, each with a share of the work that is planned beforehand. They spin
 * only.
 */
export function bareProcesses(): (shares: readonly (readonly number[])[]) => Promise<number[][]> {
  const processes = Array.from({ length: JOBS }, () => fork(fileOf('./bare-worker.js'), { serialization: 'advanced' }))
  return (shares) => Promise.all(shares.map((share, i) => ask<number[]>(processes[i], share)))
}
