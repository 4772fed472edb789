/** The files of journals: that of runs over all files, and that of each shard. */

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { joinPath } from '../files/paths.js'
import { parseShard, type Shard } from '../files/shard.js'

const PLAIN = '.noisemill-journal'
const NAME = /^\.noisemill-journal(?:-([1-9]\d{0,6})-of-([1-9]\d{0,6}))?$/

/** Returns the name of the journal of a shard, or without a shard that of runs over all files. */
export const journalName = (shard?: Shard): string =>
  shard === undefined ? PLAIN : `${PLAIN}-${shard.number}-of-${shard.count}`

/** Returns the path of the journal of an output folder. */
export const journalOf = (out: string, shard?: Shard): string => joinPath(out, journalName(shard)) as string

/** Whether a file system, which may ignore case, takes a name for that of a journal. */
export const isJournalName = (name: string): boolean => NAME.test(name.toLowerCase())

/** A journal that was found in a folder. */
export interface FoundJournal {
  readonly name: string
  readonly file: string
  /** Undefined for the journal of runs over all files. */
  readonly shard: Shard | undefined
}

/** How many names are read at a time. An output folder may have millions. */
const NAMES_AT_ONCE = 1000

/** Finds the journals of an output folder: that of runs over all files, then those of shards in their order. */
export async function journalsIn(out: string): Promise<FoundJournal[]> {
  const found: FoundJournal[] = []
  for await (const { name } of await opendir(out, { bufferSize: NAMES_AT_ONCE })) {
    const match = NAME.exec(name)
    if (match === null) continue
    const [, number, count] = match
    const shard = parseShard(`${number}/${count}`)
    if (number !== undefined && shard === undefined) continue
    found.push({ name, file: joinPath(out, name) as string, shard })
  }
  const order = ({ shard }: FoundJournal) => [shard?.count ?? 0, shard?.number ?? 0]
  return found.sort((a, b) => order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1])
}

/**
 * The bytes that every journal begins with. They are checked so that noisemill never appends to another file, such as
 * an input.
 */
const START = Buffer.from('\n{"run":')

/** Opens a journal. Throws if the file is something else. */
export function openJournal(file: string, access: number): number {
  const named = lstatSync(file, { throwIfNoEntry: false })
  // A link might lead anywhere. Opening it would report ELOOP, as does a path with too many links.
  if (named?.isSymbolicLink()) throw new Error('it is a symbolic link')
  if (named?.isFile() === false) throw new Error('it is not a file')
  // Do not follow a link that is made meanwhile, and do not wait for the other end of a pipe.
  const flags = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  const fd = openSync(file, access | flags, 0o666)
  if (fstatSync(fd).isFile() && isJournal(fd)) return fd
  closeSync(fd)
  throw new Error('the file with this name is not a journal')
}

function isJournal(fd: number): boolean {
  const start = Buffer.alloc(START.length)
  const length = readSync(fd, start, 0, start.length, 0)
  // After a power cut, bytes that were not yet written may read as zeros.
  const zero = start.subarray(0, length).indexOf(0)
  const written = start.subarray(0, zero < 0 ? length : zero)
  return written.equals(START.subarray(0, written.length))
}
