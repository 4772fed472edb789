/**
 * Benchmark of one long file: 2.5 GB of float32 (44.1 kHz, mono, four hours). The reference is
 * threads that only copy its blocks.
 */

import path from 'node:path'
import writeTone from '../dist-lib/demo/tone.js'
import { compare, report } from './harness.js'
import { copyThreads, Scratch } from './programs.js'

const SECONDS = 14_172

export default async function long(rounds = 7): Promise<void> {
  using scratch = new Scratch()
  const file = path.join(scratch.clean, 'long.wav')
  writeTone({ file, seconds: SECONDS, frequency: 440 })
  const threads = await copyThreads(scratch, [file])
  const contenders = [
    scratch.commands('cp', [['cp', file, scratch.out]]),
    ...threads,
    scratch.noisemill('--backend', 'native', '--jobs', '1'),
    scratch.noisemill('--backend', 'native', '--jobs', '2'),
    scratch.noisemill('--backend', 'workers', '--jobs', '1'),
    scratch.noisemill('--backend', 'workers', '--jobs', '2'),
  ]
  const rows = await compare(contenders, rounds)
  const reference = (threads[0] ?? contenders[0]).name
  report('Long', 'seconds', rows, reference, { seconds: SECONDS, outputs: scratch.outputs() })
}
