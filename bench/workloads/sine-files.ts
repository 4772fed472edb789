/** The files of the workloads `talk` and `tools`. */

import { readdirSync } from 'node:fs'
import path from 'node:path'
import writeTone from '../../dist-lib/demo/tone.js'
import { showBytes } from '../../dist-lib/show.js'
import { bytesLimit, copyLimit, twoCopies } from '../harness/limits.js'
import { checkCopies, checkNoise } from '../harness/noise-check.js'
import { outputsIn } from '../harness/outputs.js'
import { JOBS, SIGMA } from '../harness/settings.js'
import { bytesOf as bytesOfSound, music, roomFor as roomForSounds } from '../harness/sounds.js'
import type { Contender, Place } from '../harness/workload.js'

const LOWEST_HERTZ = 220
const HERTZ_STEP = 20

export interface SineFiles {
  readonly count: number
  readonly seconds: number
}

/** Size of a file in bytes. */
const bytesOf = ({ seconds }: SineFiles): number => bytesOfSound(music(seconds))

/** Room on the disk for the files, and those that a contender writes, in bytes. */
export const roomFor = ({ count, seconds }: SineFiles): number => roomForSounds(count, music(seconds))

/**
 * Memory that contenders need who hold whole files, in bytes: in each process the interpreter, the
 * clean and the noisy samples, and the noise in double precision, with half of it to spare.
 */
export const memoryFor = (files: SineFiles): number => 1e8 + Math.min(JOBS, files.count) * (1e8 + 6 * bytesOf(files))

/** Writes sines of half of full scale, whose pitch rises from file to file, into an existing folder. */
export function writeSines(folder: string, { count, seconds }: SineFiles): void {
  for (let i = 0; i < count; i++) {
    const file = path.join(folder, `${String(i).padStart(2, '0')}.wav`)
    writeTone({ file, seconds, frequency: LOWEST_HERTZ + HERTZ_STEP * i })
  }
}

const input = ({ inputs }: Place) => inputs

/** Contenders that only copy the files. */
export const copyLimits: readonly Contender[] = [
  copyLimit({ input }),
  twoCopies({ input }),
  bytesLimit(JOBS, { input }),
]

/** Describes the files, and how many threads or processes work on them. */
export function sayFiles(files: SineFiles): string {
  const { count, seconds } = files
  const all = showBytes(count * bytesOf(files))
  return `${count} files of ${seconds} s, float32, 44.1 kHz, mono (${all}); noise of sigma ${SIGMA}; parallel ways work on ${JOBS} at a time`
}

/**
 * Checks what a contender made of the files. Returns a digest of what noisemill wrote, and nothing
 * for others, whose noise is new in each run.
 *
 * @param part the contender works on every `part`-th file only
 * @throws Error that says how it did less than its work
 */
export function checkSineFiles({ inputs, out }: Place, { kind }: Contender, part = 1): string {
  if (kind === 'limit') checkCopies(inputs, out)
  else checkNoise(inputs, out, SIGMA, part)
  return kind === 'noisemill' ? outputsIn(out, readdirSync(inputs).length) : ''
}
