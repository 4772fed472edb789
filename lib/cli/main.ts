/** Runs a command line: parses its arguments, runs the command, and sets the exit code. */

import { inspect } from 'node:util'
import { Command, CommanderError } from 'commander'
import { NoisemillError } from '../errors.js'
import { showLines, showText } from '../show.js'
import { defineAdd } from './add.js'
import { defineDemo } from './demo.js'
import { EXIT, exitForError } from './exit.js'
import { type Flags, replayTables, tables, workTables } from './flags.js'
import { defineInfo } from './info.js'
import { errorLine } from './lines.js'
import { defineReplay } from './replay.js'
import { defineStatus } from './status.js'
import { Stop } from './stop.js'
import { version } from './version.js'
import { defineWork } from './work.js'

export async function main(args: readonly string[]): Promise<void> {
  // Node would exit with 1, which means that some files failed and all others were done.
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
    .showHelpAfterError('Run the command with --help to see its flags.')
  defineAdd(program, stop, exit)
  defineReplay(program, stop, exit)
  defineWork(program, stop)
  defineStatus(program, exit)
  defineDemo(program, stop, exit)
  defineInfo(program)
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has already written its message or the help.
      exit(error.exitCode === 0 ? EXIT.done : EXIT.usage)
    } else if (error instanceof NoisemillError) {
      process.stderr.write(`noisemill: ${showText(errorLine(error, tablesOf(args[0])))}\n`)
      exit(exitForError(error))
    } else {
      throw error
    }
  }
}

/** Returns the flags of a command. */
function tablesOf(command: string | undefined): readonly Flags[] {
  if (command === 'replay') return Object.values(replayTables)
  return command === 'work' ? Object.values(workTables) : tables
}

/**
 * Formats a message of commander: escapes control characters in it, and keeps the proposal in a line of its own. An
 * argument in the message may look like a proposal, but only the last line can be one.
 */
function usageLines(text: string): string {
  const [, problem, proposal] = /^(?:error: )?(.*?)(?:\n(\(Did you mean [^\n]*\?\)))?\n$/s.exec(text)!
  return `noisemill: ${showText(problem)}${proposal === undefined ? '' : `\n${showText(proposal)}`}`
}
