/**
 * The talk "Unlocking your CPU cores in Python" by mCoding, reproduced: 24 files are read, get noise,
 * are clipped and written, in each of the ways that a program may use the cores.
 */

import { spawnSync } from 'node:child_process'
import { missingAddon, missingPython, missingWasm, nodeProgram, pythonProgram } from '../harness/commands.js'
import { prepareLimits } from '../harness/limits.js'
import { programFile } from '../harness/paths.js'
import { JOBS, SIGMA } from '../harness/settings.js'
import type { Contender, Missing, Size, Workload } from '../harness/workload.js'
import { checkSineFiles, copyLimits, memoryFor, roomFor, type SineFiles, sayFiles, writeSines } from './sine-files.js'

const FILES: Readonly<Record<Size, SineFiles>> = {
  short: { count: 24, seconds: 12 },
  full: { count: 24, seconds: 240 },
}

const ours = (way: string, label: string, rest: Partial<Contender> = {}): Contender => ({
  name: way,
  label: `noisemill: ${label}`,
  kind: 'noisemill',
  value: 'whole',
  outputs: 'noise',
  command: (place) => nodeProgram(place, 'talk.js', way, place.inputs, place.out, String(JOBS), String(SIGMA)),
  ...rest,
})

/** @param way its first word says how NumPy is used, see talk.py */
const python = (way: string, label: string, rest: Partial<Contender> = {}): Contender => ({
  name: way,
  label,
  kind: 'python',
  value: 'whole',
  missing: () => missingPython(),
  command: ({ inputs, out }) => pythonProgram('talk.py', way, inputs, out, String(JOBS), String(SIGMA)),
  ...rest,
})

const freeThreaded = (way: string, label: string): Contender => ({
  ...python(way, label),
  name: `free-${way}`,
  isOnlyInFull: true,
  missing: async () => missingFreeThreaded(),
  command: ({ inputs, out }) => ({
    file: freeThreadedPython() ?? 'python3.14t',
    args: [programFile('talk.py'), way, inputs, out, String(JOBS), String(SIGMA)],
  }),
})

const FREE_THREADED = ['python3.14t', 'python3.13t']
/** Ends with 0 if the packages are there, and none of them has brought the lock back. */
const IS_FREE = 'import sys, numpy, scipy.io; sys.exit(sys._is_gil_enabled())'

let found: { readonly file?: string } | undefined

/** A Python without a global lock that has NumPy and SciPy. Looked for once. */
function freeThreadedPython(): string | undefined {
  if (found === undefined) {
    const file = FREE_THREADED.find((name) => spawnSync(name, ['-c', IS_FREE], { stdio: 'ignore' }).status === 0)
    found = file === undefined ? {} : { file }
  }
  return found.file
}

function missingFreeThreaded(): Missing | undefined {
  if (freeThreadedPython() !== undefined) return undefined
  return {
    what: 'a free-threaded Python (python3.14t or python3.13t) with NumPy and SciPy',
    install: 'Configure Python with --disable-gil and build it, then python3.14t -m pip install numpy scipy',
  }
}

export const talk: Workload = {
  name: 'talk',
  title: 'The talk: noise for 24 files',
  question: 'What does each way of using the cores cost, and what does it gain?',
  unit: 's',
  reference: 'loop',
  showsCores: true,
  work: (size) => sayFiles(FILES[size]),
  needs: (size) => ({ disk: roomFor(FILES[size]), memory: memoryFor(FILES[size]) }),
  async prepare(place) {
    writeSines(place.inputs, FILES[place.size])
    await prepareLimits(place)
  },
  contenders: () => [
    ours('loop', 'plain loop, TypeScript'),
    ours('async', 'async I/O on one thread, TypeScript'),
    ours('threads-unordered', 'worker threads, TypeScript, imapUnordered'),
    ours('threads-imap', 'worker threads, TypeScript, imap', { isOnlyInFull: true }),
    ours('threads-map', 'worker threads, TypeScript, map', { isOnlyInFull: true }),
    ours('processes', 'processes, TypeScript'),
    ours('threads-wasm', 'worker threads, WebAssembly', { missing: missingWasm }),
    ours('native', 'native threads, C++', { missing: missingAddon }),
    python('talk-loop', 'Python as in the talk: plain loop'),
    python('talk-asyncio', 'Python as in the talk: asyncio'),
    python('talk-threads', 'Python as in the talk: threads'),
    python('talk-imap_unordered', 'Python as in the talk: Pool, imap_unordered'),
    python('talk-imap', 'Python as in the talk: Pool, imap', { isOnlyInFull: true }),
    python('talk-map', 'Python as in the talk: Pool, map', { isOnlyInFull: true }),
    python('numpy-loop', 'Python, NumPy used well: loop'),
    python('numpy-threads', 'Python, NumPy used well: threads'),
    python('numpy-imap_unordered', 'Python, NumPy used well: Pool'),
    freeThreaded('talk-threads', 'Free-threaded Python as in the talk: threads'),
    freeThreaded('numpy-threads', 'Free-threaded Python, NumPy used well: threads'),
    ...copyLimits,
  ],
  verify: async (place, contender) => checkSineFiles(place, contender),
}
