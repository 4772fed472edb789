/** The same files on the threads of one process, and through a queue that worker processes take from. */

import path from 'node:path'
import { missingAddon, missingCommand, missingPackage, nodeProgram } from '../harness/commands.js'
import { checkOutputs } from '../harness/outputs.js'
import { roomiest } from '../harness/scratch.js'
import { JOBS, SIGMA } from '../harness/settings.js'
import { music, roomFor, speech, writeSounds } from '../harness/sounds.js'
import { showCount } from '../harness/text.js'
import type { ToneFormat } from '../harness/tones.js'
import type { Contender, Missing, Size, Workload } from '../harness/workload.js'

const WORKERS = [1, 2, 4]
/** Files that are there before the time counts, to warm up with. */
const TINY_FILES = 64
const TINY_SECONDS = 0.01
/** Redis, the producer and the workers, each of which is a Node process. */
const MEMORY = 1.5e9

async function missingQueue(): Promise<Missing | undefined> {
  const lacks = [
    await missingAddon(),
    await missingCommand('redis-server', 'apt-get install redis-server'),
    await missingPackage('bullmq'),
    await missingPackage('ioredis'),
  ]
  return lacks.find((lack) => lack !== undefined)
}

/** @param workers number of processes of one job; 0 for threads of the same process */
const contender = (workers: number): Contender => ({
  name: workers === 0 ? 'native' : `workers-${workers}`,
  label:
    workers === 0 ? `native threads, ${JOBS} at a time` : `queue, ${workers} one-job worker${workers === 1 ? '' : 's'}`,
  kind: 'noisemill',
  value: 'reported',
  outputs: 'noise',
  missing: workers === 0 ? missingAddon : missingQueue,
  // A first look must end within three minutes.
  isOnlyInFull: true,
  command: (place) => nodeProgram(place, 'queue.js', `${workers}`, place.inputs, place.out, `${SIGMA}`, `${JOBS}`),
})

interface Files {
  readonly count: number
  readonly sound: ToneFormat
}

function queueWorkload(
  rest: Pick<Workload, 'name' | 'title'>,
  filesOf: (size: Size) => Files,
  say: (size: Size) => string,
): Workload {
  return {
    ...rest,
    question: 'What does a queue in Redis cost, beside threads of one process?',
    unit: 's',
    reference: 'native',
    work: (size) =>
      `${showCount(filesOf(size).count)} files of ${say(size)}; from the call to the last result, with everything started and connected before`,
    needs: (size) => ({ disk: roomFor(filesOf(size).count, filesOf(size).sound), memory: MEMORY }),
    async prepare({ inputs, size }) {
      const { count, sound } = filesOf(size)
      writeSounds(path.join(inputs, 'sounds'), count, sound)
      writeSounds(path.join(inputs, 'tiny'), TINY_FILES, speech(TINY_SECONDS))
    },
    contenders: () => [0, ...WORKERS].map(contender),
    verify: async ({ out, size }, one) => checkOutputs(out, one, filesOf(size).count),
  }
}

const SHORT_SECONDS = 0.5
const SHORT_FILES: Readonly<Record<Size, number>> = { short: 4000, full: 200_000 }
const LONG_SECONDS: Readonly<Record<Size, number>> = { short: 30, full: 240 }
const LONG_FILES = 24

let fitting: number | undefined

/** As many as there is room for, so that a smaller machine has figures too. */
function shortFiles(size: Size): Files {
  const sound = speech(SHORT_SECONDS)
  fitting ??= Math.floor((roomiest() - MEMORY) / roomFor(1, sound) / 1000) * 1000
  return { count: Math.max(1000, Math.min(SHORT_FILES[size], fitting)), sound }
}

export const queue: readonly Workload[] = [
  queueWorkload(
    { name: 'queue-short', title: 'Short files through a queue' },
    shortFiles,
    () => `${SHORT_SECONDS} s, 16-bit PCM, 16 kHz, mono`,
  ),
  queueWorkload(
    { name: 'queue-long', title: 'Long files through a queue' },
    (size) => ({ count: LONG_FILES, sound: music(LONG_SECONDS[size]) }),
    (size) => `${LONG_SECONDS[size]} s, float32, 44.1 kHz, mono`,
  ),
]
