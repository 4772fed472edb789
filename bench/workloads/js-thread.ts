/** What a server's clients notice while a batch runs in its process. */

import path from 'node:path'
import { missingAddon, missingWasm, nodeProgram } from '../harness/commands.js'
import { outputsIn } from '../harness/outputs.js'
import { music, roomFor, speech, writeSounds } from '../harness/sounds.js'
import type { Contender, Place, Size, Workload } from '../harness/workload.js'

/** Seconds in which requests are sent. */
const SECONDS: Readonly<Record<Size, number>> = { short: 0.7, full: 5 }
/** Files of a batch, which is repeated. */
const FILES = 8
const FILE_SECONDS: Readonly<Record<Size, number>> = { short: 60, full: 240 }
/** Files of a second in a batch. Each costs the JS thread some work, so many of them are the hardest for it. */
const SHORT_FILES = 2000

const sounds = ({ inputs }: Place) => path.join(inputs, 'sounds')
const shorts = ({ inputs }: Place) => path.join(inputs, 'shorts')

const contender = (
  name: string,
  label: string,
  settings: Pick<Contender, 'isOnlyInFull' | 'missing' | 'outputs'> & {
    way?: string
    input?: (place: Place) => string
  } = {},
): Contender => {
  const { way = name, input = sounds, ...rest } = settings
  return {
    name,
    label,
    kind: rest.outputs === undefined ? 'limit' : 'noisemill',
    value: 'reported',
    ...rest,
    command: (place) => nodeProgram(place, 'js-thread.js', way, input(place), place.out, String(SECONDS[place.size])),
  }
}

const long = { outputs: 'long files' }
const short = { outputs: 'short files', input: shorts, isOnlyInFull: true }

export const jsThread: Workload = {
  name: 'js-thread',
  title: 'A server beside a batch',
  question: 'How long do the clients of a server wait while a batch runs in its process?',
  unit: 'ms',
  reference: 'nothing',
  work: (size) =>
    `500 requests a second for ${SECONDS[size]} s: the latency that 99 % of them do not exceed, from when a request was due; ` +
    `batches of ${FILES} files of ${FILE_SECONDS[size]} s, float32, 44.1 kHz, mono` +
    (size === 'full' ? `, or of ${SHORT_FILES} files of a second, 16-bit PCM, 16 kHz` : ''),
  needs: (size) => ({
    disk: roomFor(FILES, music(FILE_SECONDS[size])) + (size === 'full' ? roomFor(SHORT_FILES, speech(1)) : 0),
    memory: 5e8,
  }),
  async prepare(place) {
    writeSounds(sounds(place), FILES, music(FILE_SECONDS[place.size]))
    if (place.size === 'full') writeSounds(shorts(place), SHORT_FILES, speech(1))
  },
  contenders: () => [
    contender('nothing', 'nothing running'),
    contender('busy', 'nothing running, other programs on all cores', { isOnlyInFull: true }),
    contender('loop', 'plain loop, a file after the other', long),
    contender('async', 'async I/O on the one JS thread', long),
    contender('workers', 'worker threads', long),
    contender('processes', 'processes', { ...long, missing: missingWasm }),
    contender('native', 'native threads', { ...long, missing: missingAddon }),
    contender('workers-short', 'worker threads, files of a second', { ...short, way: 'workers' }),
    contender('native-short', 'native threads, files of a second', { ...short, way: 'native', missing: missingAddon }),
  ],
  verify: async ({ out }, { kind, outputs }) =>
    kind === 'limit' ? '' : outputsIn(out, outputs === short.outputs ? SHORT_FILES : FILES),
}
