/** Contenders that only copy files: what reading and writing the bytes takes, without any noise. */

import { spawnSync } from 'node:child_process'
import { programFile } from '../harness/paths.js'
import type { Contender, Missing, Place } from '../harness/workload.js'

const SOURCE = programFile('copy-threads.cc')
const OPTIONS = ['-O2', '-std=c++17', '-pthread']

const binaryIn = ({ scratch }: Place) => scratch.file('copy-threads')

let isCompiling: boolean | undefined

/** Whether there is a C++ compiler that accepts the program. Asked once. */
function compiles(): boolean {
  isCompiling ??= spawnSync('c++', [...OPTIONS, '-fsyntax-only', SOURCE], { stdio: 'ignore' }).status === 0
  return isCompiling
}

const missingCompiler = async (): Promise<Missing | undefined> =>
  compiles() ? undefined : { what: 'a compiler of C++17', install: 'apt-get install g++' }

/** Compiles what the contenders need, if it can be compiled. Not timed. */
export function prepareCopies(place: Place): void {
  if (compiles()) spawnSync('c++', [...OPTIONS, '-o', binaryIn(place), SOURCE], { stdio: 'inherit' })
}

/** Lets a shell copy files with even numbers in one process, and those with odd numbers in another. */
const TWO_COPIES = 'cp "$1"/*[02468].wav "$2" & first=$!; cp "$1"/*[13579].wav "$2" && wait $first'

/** @param jobs number of copying threads */
export const copies = (jobs: number): Contender[] => [
  {
    name: 'cp',
    label: 'cp, which only copies',
    kind: 'limit',
    limit: 'bytes moved',
    value: 'whole',
    command: ({ inputs, out }) => ({ file: 'cp', args: ['-r', `${inputs}/.`, out] }),
  },
  {
    name: 'cp-2',
    label: 'cp twice at once, for half of the files each',
    kind: 'limit',
    limit: 'bytes moved',
    value: 'whole',
    command: ({ inputs, out }) => ({ file: 'sh', args: ['-c', TWO_COPIES, 'sh', inputs, out] }),
  },
  {
    name: 'copy-threads',
    label: 'threads that only read and write (C++)',
    kind: 'limit',
    limit: 'bytes moved',
    value: 'whole',
    missing: missingCompiler,
    command: (place) => ({
      file: 'sh',
      args: ['-c', 'exec "$1" "$2" "$4" "$3"/*.wav', 'sh', binaryIn(place), String(jobs), place.inputs, place.out],
    }),
  },
]
