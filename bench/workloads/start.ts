/** What starting costs: a program that makes a pool, and the command on one file of one second. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { noisemillCommand } from '../harness/commands.js'
import { outputsIn } from '../harness/outputs.js'
import { tone } from '../harness/tones.js'
import type { Contender, Place, Workload } from '../harness/workload.js'

const node = (name: string, label: string, program: (place: Place) => string): Contender => ({
  name,
  label,
  kind: name === 'node' ? 'limit' : 'noisemill',
  value: 'whole',
  isCompared: name === 'pool',
  command: (place) => ({ file: process.execPath, args: ['--input-type=module', '-e', program(place)] }),
})

const command = (backend: string, label: string): Contender => ({
  name: `command-${backend}`,
  label,
  kind: 'noisemill',
  value: 'whole',
  outputs: 'noise',
  isCompared: backend === 'native',
  command: (place) =>
    noisemillCommand(place, 'add', place.inputs, '--out', place.out, '--sigma', '0.1', '--quiet', '--backend', backend),
})

export const start: Workload = {
  name: 'start',
  title: 'What starting costs',
  question: 'How long does a program take before the first sample is touched?',
  unit: 's',
  reference: 'node',
  work: () => 'A program that does nothing, one that makes a pool, and the command on one file of one second',
  needs: () => ({ disk: 1e6, memory: 2e8 }),
  prepare: async ({ inputs }) =>
    writeFileSync(path.join(inputs, 'short.wav'), tone({ format: 'pcm16', sampleRate: 16_000, frames: 16_000 })),
  contenders: () => [
    node('node', 'Node, doing nothing', () => '0'),
    node(
      'pool',
      'import noisemill, new Pool()',
      ({ build }) =>
        `import { Pool } from ${JSON.stringify(pathToFileURL(path.join(build, 'dist/index.js')).href)}; new Pool()`,
    ),
    command('native', 'noisemill add, one file, native'),
    command('workers', 'noisemill add, one file, worker threads'),
  ],
  verify: async (place, { kind, name }) => (kind === 'noisemill' && name !== 'pool' ? outputsIn(place.out, 1) : ''),
}
