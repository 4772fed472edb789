/** How many threads have room below the limit of open files. */

import { closeSync, openSync } from 'node:fs'

/** Those of the event loop of a thread, which are 4 on Linux, and those of its work: an input, an output, their folder, a module. */
const PER_THREAD = 8
/** Left to the thread of the caller and to its other work. */
const SPARE = 16

/**
 * At most `size` threads, and at least one, that find enough descriptors. Node cannot tell the limit, so this opens a file as often as
 * needed. Threads that take the last descriptors do start, but then they cannot open their files.
 */
export function threadsWithRoom(size: number, file: URL): number {
  // It limits handles by memory alone.
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
