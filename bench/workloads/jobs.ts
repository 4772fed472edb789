/** The same files with more and more of them at a time: how far each way of going parallel scales. */

import path from 'node:path'
import { bytesLimit, copyLimit, nodeLimit, prepareLimits } from '../harness/limits.js'
import { checkOutputs } from '../harness/outputs.js'
import { JOBS } from '../harness/settings.js'
import { bytesOf, music, roomFor, writeSounds } from '../harness/sounds.js'
import { labelOf, type WayName, wayContender } from '../harness/ways.js'
import type { Contender, Place, Size, Workload } from '../harness/workload.js'

const FILES = 16
const SECONDS = { short: 20, full: 90 }
/** Long enough to be a file, and short enough to take no time. */
const TINY_SECONDS = 0.001
const JOBS_OF: Readonly<Record<Size, readonly number[]>> = { short: [1, 2], full: [1, 2, 4, 8] }
const WAYS: Readonly<Record<Size, readonly WayName[]>> = {
  short: ['native', 'workers', 'processes'],
  full: ['native', 'workers', 'workers-ts', 'processes'],
}

const sounds = ({ inputs }: Place) => path.join(inputs, 'sounds')
const tiny = ({ inputs }: Place) => path.join(inputs, 'tiny')

/** A way with some jobs, and the same way on as many files with almost no samples: what starting it costs. */
const withJobs = (way: WayName, jobs: number): Contender[] => [
  wayContender(way, {
    input: sounds,
    jobs,
    x: jobs,
    about: `${jobs} at a time`,
    outputs: 'sounds',
  }),
  wayContender(way, {
    input: tiny,
    jobs,
    x: jobs,
    name: `start-${way}-${jobs}`,
    series: `start of ${labelOf(way)}`,
    about: `${jobs} at a time, start alone`,
    outputs: 'tiny',
    isOnlyInFull: jobs > 1,
  }),
]

export const jobs: Workload = {
  name: 'jobs',
  title: 'More files at a time',
  question: 'How much faster does each way become with more jobs?',
  unit: 's',
  reference: 'inline',
  work: (size) =>
    `${FILES} files of ${SECONDS[size]} s, float32, 44.1 kHz, mono; for the start alone, ${FILES} files of a millisecond`,
  needs: (size) => ({
    disk: roomFor(FILES, music(SECONDS[size])) + roomFor(FILES, music(TINY_SECONDS)),
    memory: 8 * 150e6 + 2 * bytesOf(music(SECONDS[size])),
  }),
  async prepare(place) {
    writeSounds(sounds(place), FILES, music(SECONDS[place.size]))
    writeSounds(tiny(place), FILES, music(TINY_SECONDS))
    await prepareLimits(place)
  },
  contenders: (size) => [
    wayContender('inline', { input: sounds, jobs: 1, outputs: 'sounds' }),
    ...JOBS_OF[size].flatMap((jobs) => WAYS[size].flatMap((way) => withJobs(way, jobs))),
    copyLimit({ input: sounds }),
    bytesLimit(JOBS, { input: sounds }),
    nodeLimit(),
  ],
  verify: async (place, contender) => checkOutputs(place.out, contender, FILES),
}
