/** Whether there is enough disk and memory for a workload. */

import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { freemem } from 'node:os'
import { showBytes } from '../../dist-lib/show.js'

const TMPFS = 0x01021994

/** What a workload needs at a time, in bytes. */
export interface Needs {
  readonly disk: number
  readonly memory: number
}

export interface Room {
  /** Bytes that are free where inputs and outputs are written. */
  readonly disk: number
  /** Bytes that are free, also by the limit of the control group. */
  readonly memory: number
  /** Whether the disk is memory, so that files take memory. */
  readonly isInMemory: boolean
}

function roomOf(folder: string): Room {
  const { bavail, bsize, type } = statfsSync(folder)
  return { disk: bavail * bsize, memory: Math.min(freemem(), freeInGroup()), isInMemory: type === TMPFS }
}

/** Bytes that files in a folder may take; those of memory, if the folder is in memory. */
export function freeFor(folder: string): number {
  const { disk, memory, isInMemory } = roomOf(folder)
  return isInMemory ? Math.min(disk, memory) : disk
}

/** Bytes that the control group (version 2) still allows. The cache of files counts as free, because it gives way. */
function freeInGroup(): number {
  const read = (name: string) => {
    const file = `/sys/fs/cgroup/memory.${name}`
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }
  const stat = read('stat')
  const figure = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0)
  const free = Number.parseInt(read('max'), 10) - Number.parseInt(read('current'), 10)
  return Number.isNaN(free) ? Number.POSITIVE_INFINITY : free + figure('file') - figure('shmem')
}

/** Why there is too little room, as the end of a sentence that begins with 'it'; undefined if there is enough. */
export function roomLack(
  needs: Needs,
  folder: string,
  { disk, memory, isInMemory }: Room = roomOf(folder),
): string | undefined {
  if (disk < needs.disk) return `needs ${showBytes(needs.disk)} of disk, and ${folder} has ${showBytes(disk)}`
  const needed = needs.memory + (isInMemory ? needs.disk : 0)
  if (memory < needed) return `needs ${showBytes(needed)} of memory, and ${showBytes(memory)} are free`
  return undefined
}
