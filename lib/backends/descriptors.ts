/** Limits the number of threads by the limit of open files. */

import { closeSync, openSync } from 'node:fs'

/**
 * File descriptors of a thread: 4 of its event loop on Linux, and those of an input, an output,
 * their folder and a module.
 */
const PER_THREAD = 8
/** File descriptors that are left for the JS thread and its other work. */
const SPARE = 16

/**
 * Returns how many threads have enough file descriptors: at least 1, at most `size`. Node does not
 * expose the limit, so this opens a file as often as all threads may need. If threads used up the
 * descriptors, they would start but could not open their files.
 */
export function threadsWithRoom(size: number, file: URL): number {
  // Windows limits handles only by memory.
  if (process.platform === 'win32') return size
  const opened: number[] = []
  try {
    while (opened.length < SPARE + size * PER_THREAD) opened.push(openSync(file, 'r'))
    return size
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EMFILE' && code !== 'ENFILE') return size
    return Math.max(1, Math.floor((opened.length - SPARE) / PER_THREAD))
  } finally {
    for (const descriptor of opened) closeSync(descriptor)
  }
}
