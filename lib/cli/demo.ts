/** `noisemill demo`: compares four ways of doing the same work, or shows five pitfalls of parallel work. */

import type { Command } from 'commander'
import { compareContenders, FILES } from '../demo/compare.js'
import { pitfallsPage } from '../demo/pitfalls-page.js'
import { showPitfalls } from '../demo/show-pitfalls.js'
import { packageFile } from '../package-files.js'
import { EXIT } from './exit.js'
import { parsePath } from './flags.js'
import { writeNewFile } from './new-file.js'
import type { Stop } from './stop.js'

const SHORT_SECONDS = 30
/** Length of the files in the talk that the demo repeats. */
const FULL_SECONDS = 240

export function defineDemo(program: Command, stop: Stop, exit: (code: number) => void): void {
  const demo = program
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
    .action(async (flags: { full?: boolean }) =>
      exit(await unlessStopped(compare(flags.full ? FULL_SECONDS : SHORT_SECONDS, stop.signal), stop)),
    )
  demo
    .command('pitfalls')
    .summary('show five ways in which parallel work goes wrong')
    .description(
      'Does the same work in a plain loop, with a pool used badly, and with a pool used well, for each of five pitfalls: ' +
        'overhead, values that cannot cross, data that is sent, work that is repeated, and chunk sizes. It takes less than a ' +
        'minute, and 96 MB of disk until it ends.',
    )
    .option('--html <file>', 'also write the figures and charts of them to a new HTML file')
    .action(async ({ html }: { html?: string }) => {
      // Commander accepts the flags of a command after its subcommands too.
      if (demo.opts().full) demo.error("error: 'demo pitfalls' has no option '--full'")
      const file = html === undefined ? undefined : parsePath(html, '--html')
      exit(await unlessStopped(pitfalls(file, stop.signal), stop))
    })
}

async function compare(seconds: number, signal: AbortSignal): Promise<number> {
  const areSame = await compareContenders(seconds, packageFile('dist/demo-tone.js'), signal)
  return areSame ? EXIT.done : EXIT.filesFailed
}

async function pitfalls(html: string | undefined, signal: AbortSignal): Promise<number> {
  const tasks = packageFile('dist/demo-pitfall-tasks.js')
  const show = () => showPitfalls(tasks, signal)
  if (html === undefined) await show()
  else await writeNewFile(html, '--html', async () => pitfallsPage(await show()))
  return EXIT.done
}

/** Returns the exit code of a demo, or the one for what stopped it. */
async function unlessStopped(demo: Promise<number>, stop: Stop): Promise<number> {
  try {
    return await demo
  } catch (error) {
    if (stop.exitCode === undefined) throw error
    return stop.exitCode
  }
}
