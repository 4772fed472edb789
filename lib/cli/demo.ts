/** `noisemill demo`: compares five ways of doing the same work, or shows five pitfalls of parallel work. */

import type { Command } from 'commander'
import { type Comparison, compareContenders, FILES, type Screen } from '../demo/compare.js'
import { showPitfalls } from '../demo/show-pitfalls.js'
import { packageFile } from '../package-files.js'
import { EXIT } from './exit.js'
import { parsePath } from './flags.js'
import { writeNewFile } from './new-file.js'
import type { Stop } from './stop.js'
import { Terminal } from './terminal.js'

const SHORT_SECONDS = 30
/** Length of the files in the talk that the demo repeats. */
const FULL_SECONDS = 240

export function defineDemo(program: Command, stop: Stop, exit: (code: number) => void): void {
  const demo = program
    .command('demo')
    .summary('compare five ways of doing the same work in parallel')
    .description(
      `Creates ${FILES} sine files (float32, 44.1 kHz, mono) and adds noise to them in five ways: in a plain loop, with ` +
        'async I/O on one thread, on worker threads, in processes, and on native threads. Compares the outputs, then removes ' +
        'all files.',
    )
    .option(
      '--full',
      `use files of ${FULL_SECONDS} seconds instead of ${SHORT_SECONDS}: takes 2 GB of disk and some minutes`,
    )
    .option('--html <file>', 'also write the figures and charts of them to a new HTML file')
    .action(async ({ full = false, html }: { full?: boolean; html?: string }) => {
      const file = html === undefined ? undefined : parsePath(html, '--html')
      exit(await unlessStopped(compare(full, file, stop.signal), stop))
    })
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
      // Commander gives flags to the first command that has them.
      const outer: { full?: boolean; html?: string } = demo.opts()
      if (outer.full) demo.error("error: 'demo pitfalls' has no option '--full'")
      const path = html ?? outer.html
      const file = path === undefined ? undefined : parsePath(path, '--html')
      exit(await unlessStopped(pitfalls(file, stop.signal), stop))
    })
}

async function compare(isFull: boolean, html: string | undefined, signal: AbortSignal): Promise<number> {
  const modules = {
    tone: packageFile('dist/demo-tone.js'),
    etl: packageFile('dist/demo-etl.js'),
    cores: packageFile('dist/demo-cores.js'),
  }
  const screen = await openScreen()
  const run = () => compareContenders(isFull ? FULL_SECONDS : SHORT_SECONDS, modules, screen, signal)
  const command = `noisemill demo${isFull ? ' --full' : ''} --html FILE`
  let comparison: Comparison | undefined
  if (html === undefined) comparison = await run()
  else
    await writeNewFile(html, '--html', async () => {
      comparison = await run()
      return (await import('../demo/pages.js')).comparePage(comparison, command)
    })
  return comparison?.areSame ? EXIT.done : EXIT.filesFailed
}

/** Height of a terminal that does not tell its own. */
const USUAL_ROWS = 24

async function openScreen(): Promise<Screen> {
  const terminal = await Terminal.open(false)
  return {
    line: (text) => terminal.result(text),
    startLive: (text) => terminal.startLive(() => text(process.stderr.columns, process.stderr.rows || USUAL_ROWS)),
    stopLive: () => terminal.stopLive(),
  }
}

async function pitfalls(html: string | undefined, signal: AbortSignal): Promise<number> {
  const tasks = packageFile('dist/demo-pitfall-tasks.js')
  const show = () => showPitfalls(tasks, signal)
  if (html === undefined) await show()
  else
    await writeNewFile(html, '--html', async () => {
      const measured = await show()
      return (await import('../demo/pages.js')).pitfallsPage(measured)
    })
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
