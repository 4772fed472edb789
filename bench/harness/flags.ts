/** The flags of `npm run bench`. */

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { UsageError } from './usage-error.js'

export interface Flags {
  readonly full?: boolean
  readonly rounds?: number
  readonly filter?: readonly RegExp[]
  readonly list?: boolean
  readonly json?: string
  readonly html?: string
  readonly against?: string
  readonly threshold?: number
}

const MOST_ROUNDS = 1000

/**
 * Parses command-line arguments.
 *
 * @returns the flags, or the text that a person asked for by --help
 * @throws UsageError
 */
export function parseFlags(args: readonly string[]): Flags | { readonly help: string } {
  let help = ''
  const program = new Command('npm run bench --')
    .description('Compares ways to process many WAV files, and many items, in parallel.')
    .option('--full', 'real sizes, all contenders and 7 rounds: plan an hour instead of three minutes')
    .option('--rounds <n>', 'number of rounds; the short form then has no time limit', parseRounds)
    .option(
      '--filter <regex...>',
      'only workloads, or WORKLOAD/CONTENDER, whose name matches one of the expressions',
      addRegex,
    )
    .option('--list', 'list workloads, contenders, and what is missing')
    .option('--json <file>', 'where the record goes; dist-bench/bench.json by default')
    .option('--html <file>', 'where the page goes; dist-bench/bench.html by default')
    .addOption(
      new Option(
        '--against <build>',
        'compare the current build with another: a tarball, a folder, or a commit, branch or tag of git',
      ).conflicts(['full', 'list', 'html']),
    )
    .option(
      '--threshold <percent>',
      'with --against: the slowdown for which the exit code is 1; default 5',
      parsePercent,
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        help += text
      },
      writeErr: () => {},
    })
  try {
    program.parse(args as string[], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { help }
    throw new UsageError(error.message.replace(/^error: /, ''))
  }
  const flags = program.opts<Flags>()
  if (flags.threshold !== undefined && flags.against === undefined)
    throw new UsageError("option '--threshold <percent>' needs --against")
  return flags
}

function parseRounds(text: string): number {
  const rounds = Number(text)
  if (!/^\d+$/.test(text) || rounds < 1 || rounds > MOST_ROUNDS)
    throw new InvalidArgumentError(`It must be an integer from 1 to ${MOST_ROUNDS}.`)
  return rounds
}

function parsePercent(text: string): number {
  const percent = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || percent > 1000)
    throw new InvalidArgumentError('It must be a number from 0 to 1000, without a sign.')
  return percent
}

function addRegex(text: string, before: readonly RegExp[] = []): RegExp[] {
  try {
    return [...before, new RegExp(text)]
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}
