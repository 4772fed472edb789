/** The command line: from arguments to an exit code. */

import { inspect } from 'node:util'
import { Command, CommanderError } from 'commander'
import { NoisemillError } from '../errors.js'
import { showLines, showText } from '../show.js'
import { defineAdd } from './add.js'
import { defineDemo } from './demo.js'
import { EXIT, exitForError } from './exit.js'
import { defineInfo } from './info.js'
import { errorLine } from './lines.js'
import { Stop } from './stop.js'
import { version } from './version.js'

export async function main(args: readonly string[]): Promise<void> {
  // Node would exit with 1, which says that some files failed and all others were done.
  process.on('uncaughtException', (cause) => {
    const line = errorLine(new NoisemillError('E_INTERNAL', { cause }))
    process.stderr.write(`noisemill: ${showText(line)}\n${showLines(inspect(cause))}\n`)
    process.exit(EXIT.unexpected)
  })
  const stop = new Stop()
  const exit = (code: number) => {
    process.exitCode = stop.exitCode ?? code
  }
  const program = new Command('noisemill')
    .description('Turns folders of clean audio into noisy audio on every core.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${usageLines(text)}\n`) })
    .showHelpAfterError('Run it with --help to see all options.')
  defineAdd(program, stop, exit)
  defineDemo(program, stop, exit)
  defineInfo(program)
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has written its message, or the help that was asked for.
      exit(error.exitCode === 0 ? EXIT.done : EXIT.usage)
    } else if (error instanceof NoisemillError) {
      process.stderr.write(`noisemill: ${showText(errorLine(error))}\n`)
      exit(exitForError(error))
    } else {
      throw error
    }
  }
}

/** A message of commander: what is wrong, with arguments in it, and in a line of its own what may have been meant. */
function usageLines(text: string): string {
  const [, problem, proposal] = /^(?:error: )?(.*?)(\n\(Did you mean [^\n]*)?\n$/s.exec(text)!
  return `noisemill: ${showText(problem)}${proposal ?? ''}`
}
