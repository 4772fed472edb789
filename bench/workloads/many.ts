/** Many files of a second, which measure the cost of a file rather than of its samples. */

import { bytesLimit, callsLimit, copyLimit, nodeLimit, prepareLimits } from '../harness/limits.js'
import { checkOutputs } from '../harness/outputs.js'
import { JOBS } from '../harness/settings.js'
import { roomFor, speech, writeSounds } from '../harness/sounds.js'
import { showCount } from '../harness/text.js'
import { wayContender } from '../harness/ways.js'
import type { Place, Size, Workload } from '../harness/workload.js'

const FILES: Readonly<Record<Size, number>> = { short: 1000, full: 20_000 }

const input = ({ inputs }: Place) => inputs
const way = { input, jobs: JOBS, outputs: 'noise' }

export const many: Workload = {
  name: 'many',
  title: 'Many short files',
  question: 'How near is a data set of short files to the time of copying it?',
  unit: 's',
  reference: 'cp',
  work: (size) =>
    `${showCount(FILES[size])} files of a second in ${FILES[size] / 200} folders, 16-bit PCM, 16 kHz, mono`,
  needs: (size) => ({ disk: roomFor(FILES[size], speech(1)), memory: 5e8 }),
  async prepare(place) {
    writeSounds(place.inputs, FILES[place.size], speech(1))
    await prepareLimits(place)
  },
  contenders: () => [
    wayContender('native', way),
    wayContender('workers', way),
    copyLimit({ input }),
    bytesLimit(JOBS, { input }),
    callsLimit(JOBS, { input }),
    nodeLimit(),
  ],
  verify: async (place, contender) => checkOutputs(place.out, contender, FILES[place.size]),
}
