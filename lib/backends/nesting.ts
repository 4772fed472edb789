/**
 * Recognises task modules that start a pool on themselves in each of its threads. It keeps no
 * asynchronous context, because in Node 20 and 22 that slows every await of the thread.
 */

import { pathToFileURL } from 'node:url'
import type { Cancellation } from './cancellation.js'

/** Files of task modules, as a thread of a pool or the main thread knows them. */
export interface TaskFiles {
  /** Files that threads of pools are loading: this thread, or those above it when they started it. */
  readonly loading: string[]
  /** In how many threads each file was loaded: this one and those above it. */
  readonly depths: Map<string, number>
}

/**
 * How many threads, each started from the one above, may load the same file. Beyond that, the file
 * cannot start a pool on itself. A function may use such a pool. If the module starts it without a
 * guard after it was loaded, each thread starts another pool. The two look the same.
 */
const MAX_DEPTH = 2

const FILES = Symbol.for('noisemill.taskFiles')
const thread = globalThis as { [FILES]?: TaskFiles }

/** Returns the files that the running thread knows. All copies of this package in it share them. */
export function taskFiles(): TaskFiles {
  thread[FILES] ??= { loading: [], depths: new Map() }
  return thread[FILES]
}

/** Makes a thread begin with the files of the thread that started it. */
export function inheritFiles({ loading, depths }: TaskFiles): void {
  thread[FILES] = { loading: [...loading], depths: new Map(depths) }
}

/**
 * Returns a module's URL without query and hash, because a query makes another module of the same
 * code.
 */
export function fileOf(url: string): string {
  const file = new URL(urlOf(url))
  file.search = ''
  file.hash = ''
  return file.href
}

/** Returns a module's URL, which may be given as a path. */
export const urlOf = (url: string): string => (url.startsWith('file:') ? url : pathToFileURL(url).href)

/**
 * Whether the running code may be part of loading this module. If it starts a pool on it, each
 * thread would start another pool.
 */
export function isNested(url: string): boolean {
  const { loading, depths } = taskFiles()
  const file = fileOf(url)
  return loading.includes(file) || (depths.get(file) ?? 0) >= MAX_DEPTH
}

/** Runs that began while their module was being loaded. */
const nestedRuns = new WeakSet<Cancellation>()

/**
 * Notes that a run of functions of a module begins. Its jobs reach a backend a little later, when the
 * module may be loaded.
 */
export function noteRun(run: Cancellation, url: string): void {
  if (isNested(url)) nestedRuns.add(run)
}

/** Whether `isNested` was true when a run began. */
export const isNestedRun = (run: Cancellation): boolean => nestedRuns.has(run)
