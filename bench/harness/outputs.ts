/** Checks of the files that trials wrote. */

import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import path from 'node:path'
import type { Contender } from './workload.js'

const namesIn = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.wav')).sort()

/**
 * Checks a trial of a workload on files. Returns the digest of its outputs; '' for programs that
 * only copy, of which the number of files is checked, and for those that make no files.
 *
 * @throws Error if there are not as many files as expected
 */
export function checkOutputs(folder: string, { kind, limit }: Contender, expected: number): string {
  if (kind !== 'limit') return outputsIn(folder, expected)
  if (limit !== "Node's start") expectFiles(namesIn(folder), expected)
  return ''
}

function expectFiles({ length }: readonly string[], expected: number): void {
  if (length !== expected) throw new Error(`wrote ${length} files instead of ${expected}`)
}

/**
 * Returns a hash of all WAV files in a folder and below it, with their names, in the order of the
 * names.
 *
 * @throws Error if there are not as many as expected
 */
export function outputsIn(folder: string, expected: number): string {
  const names = namesIn(folder)
  expectFiles(names, expected)
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(1 << 20)
  for (const name of names) {
    hash.update(`${name}\0`)
    const fd = openSync(path.join(folder, name), 'r')
    for (let length = -1; length !== 0; ) {
      length = readSync(fd, buffer)
      hash.update(buffer.subarray(0, length))
    }
    closeSync(fd)
  }
  return hash.digest('hex')
}
