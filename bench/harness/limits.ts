/** Contenders that do less than the work: what they take is a lower limit for the others. */

import { compile, compiled, missingCompiler } from './compile.js'
import type { Contender, Place } from './workload.js'

/** Where a limit stands, and what it works on. */
export interface LimitSettings extends Pick<Contender, 'x' | 'scale' | 'isOnlyInFull'> {
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

const FILE_CALLS = 'file-calls.cc'

const fileCalls = (mode: string, threads: number, { input, ...rest }: LimitSettings): Contender => ({
  kind: 'limit',
  value: 'whole',
  missing: missingCompiler,
  ...rest,
  ...(mode === 'bytes'
    ? {
        name: named('bytes', rest.x),
        label: `${threads} threads that read and write`,
        limit: 'bytes moved',
        ...(rest.x !== undefined && { series: `${threads} threads that read and write` }),
      }
    : {
        name: named('calls', rest.x),
        label: `${threads} threads that open, create and rename`,
        limit: 'system calls',
        ...(rest.x !== undefined && { series: `${threads} threads that open, create and rename` }),
      }),
  command: ({ scratch, ...place }) => ({
    file: compiled(scratch, FILE_CALLS),
    args: [mode, String(threads), input({ scratch, ...place }), place.out],
  }),
})

/** Threads that read and write whole files, as few system calls as there can be. */
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
