/** The same samples in files of few and of many channels. */

import path from 'node:path'
import { bytesLimit, copyLimit, nodeLimit, prepareLimits } from '../harness/limits.js'
import { checkOutputs } from '../harness/outputs.js'
import { JOBS } from '../harness/settings.js'
import { bytesOf, roomFor, writeSounds } from '../harness/sounds.js'
import type { ToneFormat } from '../harness/tones.js'
import { type WayName, wayContender } from '../harness/ways.js'
import type { Place, Size, Workload } from '../harness/workload.js'

const FILES = 8
/** Samples of a file, all channels taken together. */
const SAMPLES: Readonly<Record<Size, number>> = { short: 2_000_000, full: 8_000_000 }
const CHANNELS: Readonly<Record<Size, readonly number[]>> = { short: [1, 8], full: [1, 2, 8, 32] }
const WAYS: readonly WayName[] = ['native', 'workers']

const soundOf = (size: Size, channels: number): ToneFormat => ({
  format: 'float32',
  sampleRate: 44_100,
  frames: SAMPLES[size] / channels,
  channels,
})

const folderOf = ({ inputs }: Place, channels: number) => path.join(inputs, String(channels))
/** Limits move the same bytes, whatever the channels. */
const mono = { input: (place: Place) => folderOf(place, 1) }

export const channels: Workload = {
  name: 'channels',
  title: 'More channels',
  question: 'Does a sample cost more in files of many channels?',
  unit: 's',
  reference: 'native-1',
  work: (size) =>
    `${FILES} files of ${SAMPLES[size] / 1e6} million samples, float32, 44.1 kHz, in ${CHANNELS[size].join(', ')} channels`,
  needs: (size) => ({
    disk: (CHANNELS[size].length + 1) * (roomFor(FILES, soundOf(size, 1)) / 2),
    memory: 2 * bytesOf(soundOf(size, 1)) + 2e8,
  }),
  async prepare(place) {
    for (const count of CHANNELS[place.size]) writeSounds(folderOf(place, count), FILES, soundOf(place.size, count))
    await prepareLimits(place)
  },
  contenders: (size) => [
    ...CHANNELS[size].flatMap((count) =>
      WAYS.map((way) =>
        wayContender(way, {
          input: (place) => folderOf(place, count),
          jobs: JOBS,
          x: count,
          about: `${count} channel${count === 1 ? '' : 's'}`,
          outputs: `${count} channels`,
        }),
      ),
    ),
    copyLimit(mono),
    bytesLimit(JOBS, mono),
    nodeLimit(),
  ],
  verify: async (place, contender) => checkOutputs(place.out, contender, FILES),
}
