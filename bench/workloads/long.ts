/** One long file, which several threads share. */

import path from 'node:path'
import writeTone from '../../dist-lib/demo/tone.js'
import { bytesLimit, copyLimit, nodeLimit, prepareLimits } from '../harness/limits.js'
import { checkOutputs } from '../harness/outputs.js'
import { JOBS } from '../harness/settings.js'
import { type WayName, wayContender } from '../harness/ways.js'
import type { Contender, Place, Workload } from '../harness/workload.js'

const SECONDS = 14_172
const BYTES = SECONDS * 44_100 * 4

/** Threads of each contender: one, and all that the machine has CPUs for. */
const NUMBERS = [...new Set([1, JOBS])]

const input = ({ inputs }: Place) => inputs

const ours = (way: WayName, jobs: number): Contender =>
  wayContender(way, {
    name: `${way}-${jobs}`,
    input,
    jobs,
    x: jobs,
    about: jobs === 1 ? '1 job' : `${jobs} jobs`,
    outputs: 'noise',
  })

const threads = (count: number): Contender =>
  bytesLimit(count, { input, x: count, series: 'threads that only read and write (C++)' })

const cp = copyLimit({ input })

export const long: Workload = {
  name: 'long',
  title: 'One long file',
  question: 'How much faster is one file if several threads share it?',
  unit: 's',
  // `cp` is there where no compiler is.
  reference: 'cp',
  work: () =>
    `One file of ${(BYTES / 1e9).toFixed(1)} GB: ${Math.round(SECONDS / 3600)} hours, float32, 44.1 kHz, mono`,
  needs: () => ({ disk: 2 * BYTES + 1e6, memory: 3e8 }),
  async prepare(place) {
    writeTone({ file: path.join(place.inputs, 'long.wav'), seconds: SECONDS, frequency: 440 })
    await prepareLimits(place)
  },
  contenders: () =>
    [
      cp,
      ...NUMBERS.map(threads),
      ...NUMBERS.map((jobs) => ours('native', jobs)),
      ...NUMBERS.map((jobs) => ours('workers', jobs)),
      nodeLimit(),
    ].map((contender) => ({ ...contender, isOnlyInFull: true })),
  verify: async (place, contender) => checkOutputs(place.out, contender, 1),
}
