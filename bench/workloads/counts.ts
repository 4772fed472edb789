/** Few and many short files: what a file costs, and what a run costs before its first file. */

import path from 'node:path'
import { callsLimit, copyLimit, type LimitSettings, nodeLimit, prepareLimits } from '../harness/limits.js'
import { checkOutputs } from '../harness/outputs.js'
import { JOBS } from '../harness/settings.js'
import { roomFor, speech, writeSounds } from '../harness/sounds.js'
import { showCount } from '../harness/text.js'
import { type WayName, wayContender } from '../harness/ways.js'
import type { Contender, Place, Size, Workload } from '../harness/workload.js'

const SECONDS = 0.1
/** Numbers of files. A million of them take a minute and more, and are left out. */
const COUNTS: Readonly<Record<Size, readonly number[]>> = { short: [100, 1000], full: [100, 1000, 10_000, 100_000] }
const WAYS: readonly WayName[] = ['native', 'workers', 'processes', 'inline']
/** With more files than this, only the fastest way takes part. */
const MOST_FOR_ALL = 10_000

const folderOf = ({ inputs }: Place, files: number) => path.join(inputs, String(files))

function contendersOf(files: number): Contender[] {
  const common: LimitSettings = { input: (place) => folderOf(place, files), x: files, scale: 1e6 / files }
  return [
    ...WAYS.filter((way) => way === 'native' || files <= MOST_FOR_ALL).map((way) =>
      wayContender(way, {
        ...common,
        jobs: way === 'inline' ? 1 : JOBS,
        about: `${showCount(files)} files`,
        outputs: `${files} files`,
      }),
    ),
    copyLimit(common),
    callsLimit(JOBS, { ...common, isOnlyInFull: files < 1000 }),
  ]
}

export const counts: Workload = {
  name: 'counts',
  title: 'Few and many files',
  question: 'What does a file cost, and from how many files is which way the fastest?',
  unit: 'us a file',
  reference: 'cp-1000',
  work: (size) =>
    `From ${showCount(COUNTS[size][0])} to ${showCount(COUNTS[size].at(-1)!)} files of ${SECONDS} s, 16-bit PCM, 16 kHz, mono`,
  needs: (size) => ({
    disk: COUNTS[size].reduce((sum, files) => sum + roomFor(files, speech(SECONDS)), 0),
    memory: 5e8,
  }),
  async prepare(place) {
    for (const files of COUNTS[place.size]) writeSounds(folderOf(place, files), files, speech(SECONDS))
    await prepareLimits(place)
  },
  contenders: (size) => [
    ...COUNTS[size].flatMap(contendersOf),
    ...COUNTS[size].slice(0, 1).map((files) => nodeLimit({ x: files, scale: 1e6 / files })),
  ],
  verify: async (place, contender) => checkOutputs(place.out, contender, contender.x ?? 0),
}
