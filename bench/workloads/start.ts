/** What starting costs: a program that makes a pool, and the command on one file of one second. */

import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { nodeLimit } from '../harness/limits.js'
import { checkOutputs } from '../harness/outputs.js'
import { JOBS } from '../harness/settings.js'
import { roomFor, speech, writeSounds } from '../harness/sounds.js'
import { type WayName, wayContender } from '../harness/ways.js'
import type { Contender, Place, Workload } from '../harness/workload.js'

const MILLISECONDS = 1000

/** A program that makes a pool and does nothing with it. */
const pool: Contender = {
  name: 'pool',
  label: 'import noisemill, new Pool()',
  kind: 'noisemill',
  value: 'whole',
  scale: MILLISECONDS,
  isCompared: true,
  command: ({ build }: Place) => {
    const url = pathToFileURL(path.join(build, 'dist/index.js')).href
    return {
      file: process.execPath,
      args: ['--input-type=module', '-e', `import { Pool } from ${JSON.stringify(url)}; new Pool()`],
    }
  },
}

/** One file of one second, with room for as many jobs as there are cores. */
const command = (way: WayName, jobs = JOBS): Contender =>
  wayContender(way, {
    input: ({ inputs }) => inputs,
    jobs,
    scale: MILLISECONDS,
    about: 'one file of a second',
    name: `command-${way}`,
    outputs: 'noise',
    isCompared: way === 'native',
  })

export const start: Workload = {
  name: 'start',
  title: 'What starting costs',
  question: 'How long does a program take before the first sample is touched?',
  unit: 'ms',
  reference: 'node',
  work: () => 'A program that does nothing, one that makes a pool, and each way on one file of one second',
  needs: () => ({ disk: roomFor(1, speech(1)), memory: 2e8 }),
  prepare: async ({ inputs }) => writeSounds(inputs, 1, speech(1)),
  contenders: () => [
    nodeLimit({ scale: MILLISECONDS }),
    pool,
    command('native'),
    command('workers'),
    command('processes'),
    command('inline', 1),
  ],
  verify: async (place, contender) => (contender.name === pool.name ? '' : checkOutputs(place.out, contender, 1)),
}
