/** The same amount of sound in short and in long files: where one way of going parallel becomes better than another. */

import path from 'node:path'
import { bytesLimit, callsLimit, copyLimit, type LimitSettings, nodeLimit, prepareLimits } from '../harness/limits.js'
import { checkOutputs } from '../harness/outputs.js'
import { JOBS } from '../harness/settings.js'
import { roomFor, writeSounds } from '../harness/sounds.js'
import type { ToneFormat } from '../harness/tones.js'
import { type WayName, wayContender } from '../harness/ways.js'
import type { Contender, Place, Size, Workload } from '../harness/workload.js'

/**
 * Seconds of sound in all. All files are made: with a part of them, the start of a process would count
 * more than it does with all.
 */
const TOTAL: Readonly<Record<Size, number>> = { short: 120, full: 1200 }
/** Seconds of a file. Still shorter ones are in the workload `counts`. */
const LENGTHS: Readonly<Record<Size, readonly number[]>> = {
  short: [0.1, 1, 60],
  full: [0.1, 1, 10, 60, 1200],
}
const WAYS: readonly WayName[] = ['native', 'workers', 'processes', 'inline']

const soundOf = (length: number): ToneFormat => ({
  format: 'pcm16',
  sampleRate: 44_100,
  frames: Math.round(44_100 * length),
})

/** Number of files of a length. */
export const filesOf = (size: Size, length: number): number => Math.round(TOTAL[size] / length)

const folderOf = ({ inputs }: Place, length: number) => path.join(inputs, String(length))

function contendersOf(length: number): Contender[] {
  const common: LimitSettings = { input: (place) => folderOf(place, length), x: length }
  return [
    ...WAYS.map((way) =>
      wayContender(way, {
        ...common,
        jobs: way === 'inline' ? 1 : JOBS,
        about: `files of ${length} s`,
        outputs: `files of ${length} s`,
      }),
    ),
    copyLimit(common),
    bytesLimit(JOBS, { ...common, isOnlyInFull: true }),
    callsLimit(JOBS, { ...common, isOnlyInFull: true }),
  ]
}

export const lengths: Workload = {
  name: 'lengths',
  title: 'Short and long files',
  question: 'From which length of a file is which way the fastest?',
  unit: 's',
  reference: 'native-1',
  work: (size) =>
    `${TOTAL[size] / 60} minutes of sound (16-bit PCM, 44.1 kHz, mono) in files of ${LENGTHS[size].join(', ')} s`,
  needs: (size) => ({
    disk: LENGTHS[size].reduce((sum, length) => sum + roomFor(filesOf(size, length), soundOf(length)), 0),
    memory: 2 * 88_200 * TOTAL[size] + 3e8,
  }),
  async prepare(place) {
    for (const length of LENGTHS[place.size])
      writeSounds(folderOf(place, length), filesOf(place.size, length), soundOf(length))
    await prepareLimits(place)
  },
  contenders: (size) => [...LENGTHS[size].flatMap(contendersOf), nodeLimit()],
  verify: async (place, contender) => checkOutputs(place.out, contender, filesOf(place.size, contender.x ?? 1)),
}
