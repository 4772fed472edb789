/** `noisemill demo`: the same work four ways, side by side. */

import type { Command } from 'commander'
import { compareContenders, FILES } from '../demo/compare.js'
import { packageFile } from '../package-files.js'
import { EXIT } from './exit.js'
import type { Stop } from './stop.js'

const SHORT_SECONDS = 30
/** The length in the talk that this is taken from. */
const FULL_SECONDS = 240

export function defineDemo(program: Command, stop: Stop, exit: (code: number) => void): void {
  program
    .command('demo')
    .summary('see four ways of going parallel side by side')
    .description(
      `Makes ${FILES} sine files (float32, 44.1 kHz, mono), adds noise to them by a plain loop, by async I/O on one ` +
        'thread, by worker threads and by native threads, and checks that all outputs are the same. Cleans up after itself.',
    )
    .option(
      '--full',
      `files of ${FULL_SECONDS} seconds, as in the talk, instead of ${SHORT_SECONDS}: takes 2 GB and minutes`,
    )
    .action(async (flags: { full?: boolean }) => exit(await demo(flags.full ? FULL_SECONDS : SHORT_SECONDS, stop)))
}

async function demo(seconds: number, stop: Stop): Promise<number> {
  try {
    const areSame = await compareContenders(seconds, packageFile('dist/demo-tone.js'), stop.signal)
    return areSame ? EXIT.done : EXIT.filesFailed
  } catch (error) {
    if (stop.exitCode === undefined) throw error
    return stop.exitCode
  }
}
