/** `noisemill demo`: compares four ways of doing the same work. */

import type { Command } from 'commander'
import { compareContenders, FILES } from '../demo/compare.js'
import { packageFile } from '../package-files.js'
import { EXIT } from './exit.js'
import type { Stop } from './stop.js'

const SHORT_SECONDS = 30
/** Length of the files in the talk that the demo repeats. */
const FULL_SECONDS = 240

export function defineDemo(program: Command, stop: Stop, exit: (code: number) => void): void {
  program
    .command('demo')
    .summary('compare four ways of doing the same work in parallel')
    .description(
      `Creates ${FILES} sine files (float32, 44.1 kHz, mono) and adds noise to them in four ways: in a plain loop, with ` +
        'async I/O on one thread, on worker threads, and on native threads. Compares the outputs, then removes all files.',
    )
    .option(
      '--full',
      `use files of ${FULL_SECONDS} seconds instead of ${SHORT_SECONDS}: takes 2 GB of disk and some minutes`,
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
