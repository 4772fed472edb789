/** Contenders that do less than the work: what they take is a lower limit for the others. */

import { compile, compiled, missingCompiler } from './compile.js'
import type { Contender, Place } from './workload.js'

/** Where a limit stands, and what it works on. */
export interface LimitSettings extends Pick<Contender, 'x' | 'scale' | 'series' | 'isOnlyInFull'> {
  /** Folder of the input files, which may have folders. */
  readonly input: (place: Place) => string
}

/** @param suffix makes the name unique within the workload */
const named = (name: string, suffix: string | number | undefined) => (suffix === undefined ? name : `${name}-${suffix}`)

/** `cp -r`: the system's own copy, on one core. */
export const copyLimit = ({ input, ...rest }: LimitSettings): Contender => ({
  name: named('cp', rest.x),
  label: 'cp -r (copies only)',
  kind: 'limit',
  limit: 'bytes moved',
  ...(rest.x !== undefined && { series: 'cp -r (copies only)' }),
  value: 'whole',
  ...rest,
  command: (place) => ({ file: 'cp', args: ['-r', `${input(place)}/.`, place.out] }),
})

/** Lets a shell copy files with even numbers in one process, and those with odd numbers in another. */
const TWO_COPIES = 'cp "$1"/*[02468].wav "$2" & first=$!; cp "$1"/*[13579].wav "$2" && wait $first'

/** Two copies at a time, each of half of the files. They are in one folder, and have numbers as names. */
export const twoCopies = ({ input }: Pick<LimitSettings, 'input'>): Contender => ({
  name: 'cp-2',
  label: 'cp twice at once, for half of the files each',
  kind: 'limit',
  limit: 'bytes moved',
  value: 'whole',
  command: (place) => ({ file: 'sh', args: ['-c', TWO_COPIES, 'sh', input(place), place.out] }),
})

const FILE_CALLS = 'file-calls.cc'

/** What threads do in each mode of the program, said of one and of several. */
const modes = {
  bytes: { limit: 'bytes moved', one: 'reads and writes', more: 'read and write' },
  calls: { limit: 'system calls', one: 'opens, creates and renames', more: 'open, create and rename' },
} as const

function fileCalls(mode: keyof typeof modes, threads: number, { input, ...rest }: LimitSettings): Contender {
  const { limit, one, more } = modes[mode]
  const label = threads === 1 ? `1 thread that only ${one} (C++)` : `${threads} threads that only ${more} (C++)`
  return {
    name: named(mode, rest.x),
    label,
    kind: 'limit',
    limit,
    value: 'whole',
    missing: missingCompiler,
    ...(rest.x !== undefined && { series: label }),
    ...rest,
    command: (place) => ({
      file: compiled(place.scratch, FILE_CALLS),
      args: [mode, String(threads), input(place), place.out],
    }),
  }
}

/** Threads that read and write whole files, as few system calls as there can be. They share a file that is alone. */
export const bytesLimit = (threads: number, settings: LimitSettings): Contender => fileCalls('bytes', threads, settings)

/** Threads that ask the system for as many files as a program that replaces no file by half of one. */
export const callsLimit = (threads: number, settings: LimitSettings): Contender => fileCalls('calls', threads, settings)

/** A Node process that does nothing. */
export const nodeLimit = (settings: Pick<Contender, 'x' | 'scale'> = {}): Contender => ({
  name: 'node',
  label: 'Node, doing nothing',
  kind: 'limit',
  limit: "Node's start",
  value: 'whole',
  ...settings,
  command: () => ({ file: process.execPath, args: ['-e', '0'] }),
})

/** Makes what the limits need. Called when a workload makes its inputs. */
export const prepareLimits = ({ scratch }: Place): Promise<void> => compile(scratch, FILE_CALLS)
