/**
 * The flags of `noisemill add`, each declared once. Commander's options, the options of API calls, flags in error messages, and the tables in
 * README and docs/cli.md are made of this.
 */

import { type Command, Option } from 'commander'
import type { AddNoiseOptions } from '../add.js'
import { describe, invalidOption, messageFor, NoisemillError } from '../errors.js'
import type { PoolOptions } from '../index.js'
import { type KindDeclaration, offeredKinds } from '../plan/kinds.js'
import { parseChunkSize, parseLevel, parseNumber } from './numbers.js'

/** Headings of the help, each with what README's short table says of its flags. */
export const groups = {
  level: {
    heading: 'Noise level (one of them)',
    short:
      "level: standard deviation (1.0 = full scale), or dB against each file's mean power. `5:20` draws one for each file",
  },
  noise: {
    heading: 'Noise',
    short: 'which noise. N copies of `a.wav` are `a.1.wav`, `a.2.wav`, ...; a seed is a number or text',
  },
  inputs: { heading: 'Inputs', short: 'leave symbolic links in folders out' },
  outputs: {
    heading: 'Outputs',
    short:
      'where outputs go. Names and noise go by the path below `--root`: the same on every machine that shares the work',
  },
  care: {
    heading: 'What is there already, and what is checked',
    short:
      'replace what is there; go on from an earlier run; sync each output to disk; write nothing; refuse odd headers',
  },
  run: { heading: 'How it runs', short: 'how it runs; never what comes out' },
  print: {
    heading: 'What it prints',
    short: 'a JSON line for each output, to a file or stdout; or nothing but errors',
  },
} as const

/** A flag without a value: it sets its option to true, and one that is named --no-... to false. */
export interface Switch {
  /** As it is typed. */
  readonly name: `--${string}`
  readonly group: keyof typeof groups
  /** What it does, with units and ranges. */
  readonly summary: string
  /** What holds without it, in words. */
  readonly preset?: string
  readonly isRequired?: boolean
}

/** A flag with a value. */
export interface ValueFlag<Value> extends Switch {
  /** What stands for the value in help. */
  readonly value: string
  /** The value of a text. Throws E_OPTION_INVALID with the flag's name; ranges are checked where the option is used. */
  parse(text: string, flag: string): Value
}

export type AnyFlag = Switch | ValueFlag<unknown>

type Flag<Value> = [Value] extends [boolean] ? Switch : ValueFlag<Value>

/** A flag for each option, by the option's name. */
type FlagsFor<Options> = { readonly [Name in keyof Options]-?: Flag<NonNullable<Options[Name]>> }

/** Flags by the option that each stands for. */
export type Flags = Readonly<Record<string, AnyFlag>>

/** Options of `addNoiseToFiles` that are neither the pool's nor the command's to set. */
type NoiseOptions = Omit<
  AddNoiseOptions,
  keyof PoolOptions | 'parameters' | 'signal' | 'pool' | 'onLoop' | 'onRepeat' | 'onUnread'
>

/** What the command does beside calling the API. */
interface OwnOptions {
  readonly report?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

const asText = (text: string): string => text
/** A path, and not `-`, which other programs take for a standard stream. Throws E_OPTION_INVALID. */
export function parsePath(text: string, name: string): string {
  if (text === '' || text === '-')
    throw invalidOption(name, 'a path, not a standard stream (a file or folder of the name - is ./-)', text)
  return text
}
/** A name that is checked where the option is used. */
const asName = <Name extends string>(text: string): Name => text as Name

const kinds = offeredKinds()

const noiseFlags: FlagsFor<NoiseOptions> = {
  sigma: {
    name: '--sigma',
    value: 'x',
    group: 'level',
    summary: 'standard deviation, 0 to 16, where 1.0 is full scale; or a range LOW:HIGH',
    parse: parseLevel,
  },
  snr: {
    name: '--snr',
    value: 'db',
    group: 'level',
    summary: "signal-to-noise ratio in dB against each file's mean power, -100 to 200; or a range LOW:HIGH",
    parse: parseLevel,
  },
  seed: {
    name: '--seed',
    value: 's',
    group: 'noise',
    summary: 'integer or text that decides the noise',
    preset: '0',
    parse: asText,
  },
  copies: {
    name: '--copies',
    value: 'n',
    group: 'noise',
    summary: 'noisy variants of each file, 1 to 1,000,000',
    preset: '1',
    parse: parseNumber,
  },
  kind: {
    name: '--kind',
    value: 'kind',
    group: 'noise',
    summary: `kind of noise: ${kinds.map((kind) => kind.name).join(', ')}`,
    preset: kinds[0].name,
    parse: asText,
  },
  clip: { name: '--no-clip', group: 'noise', summary: 'let float formats exceed [-1, 1]' },
  follow: {
    name: '--no-follow',
    group: 'inputs',
    summary: 'leave out symbolic links that are found in folders; an INPUT may itself be one',
  },
  out: {
    name: '--out',
    value: 'dir',
    group: 'outputs',
    summary: 'folder for the outputs, made when needed; not where inputs are looked for',
    isRequired: true,
    parse: parsePath,
  },
  root: {
    name: '--root',
    value: 'dir',
    group: 'outputs',
    summary: 'folder that output names and noise keys are relative to',
    preset: 'each input',
    parse: parsePath,
  },
  overwrite: { name: '--overwrite', group: 'care', summary: 'replace existing outputs' },
  resume: { name: '--resume', group: 'care', summary: 'go on from an earlier run with the same settings' },
  fsync: { name: '--fsync', group: 'care', summary: 'have each output on the disk before it counts as done; slow' },
  dryRun: { name: '--dry-run', group: 'care', summary: 'check what can be checked, write nothing' },
  strict: {
    name: '--strict',
    group: 'care',
    summary: 'refuse files whose header is not as it should be, instead of warning',
  },
  chunkSize: {
    name: '--chunk-size',
    value: 'n',
    group: 'run',
    summary: 'files that go to a thread in one trip, 1 to 1,000,000, or auto',
    preset: 'auto',
    parse: parseChunkSize,
  },
}

export const poolFlags: FlagsFor<PoolOptions> = {
  size: {
    name: '--jobs',
    value: 'n',
    group: 'run',
    summary: 'files worked on at the same time, 1 to 1024',
    preset: 'one for each CPU',
    parse: parseNumber,
  },
  backend: {
    name: '--backend',
    value: 'b',
    group: 'run',
    summary: 'where the work is done: auto, native, workers or inline',
    preset: 'auto',
    parse: asName,
  },
  kernel: {
    name: '--kernel',
    value: 'k',
    group: 'run',
    summary: 'what workers and inline compute noise with: auto, wasm or ts',
    preset: 'auto',
    parse: asName,
  },
}

const ownFlags: FlagsFor<OwnOptions> = {
  report: {
    name: '--report',
    value: 'file',
    group: 'print',
    summary: 'write a JSON line for each output to this file; its folder is made when needed',
    parse: parsePath,
  },
  json: { name: '--json', group: 'print', summary: 'print a JSON line for each output, and one for the sums' },
  quiet: { name: '--quiet', group: 'print', summary: 'print nothing but errors' },
}

/** A flag for each parameter of the kinds; kinds that have a parameter of the same name share its flag. */
export function flagsOfKinds(kinds: readonly KindDeclaration[]): Readonly<Record<string, ValueFlag<number>>> {
  const flags: Record<string, ValueFlag<number>> = {}
  for (const kind of kinds) {
    for (const { name, summary, unit, minimum, maximum, default: preset } of kind.parameters) {
      const range = `${minimum} to ${maximum} ${unit}`.trimEnd()
      const own = `${kind.name}: ${summary}, ${range} (default: ${preset})`
      flags[name] = {
        name: `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
        value: 'x',
        group: 'noise',
        summary: Object.hasOwn(flags, name) ? `${flags[name].summary}; ${own}` : own,
        parse: parseNumber,
      }
    }
  }
  return flags
}

export const parameterFlags = flagsOfKinds(kinds)

const tables: readonly Flags[] = [poolFlags, noiseFlags, parameterFlags, ownFlags]

/** The flags of a group, in the order of the help. */
export const flagsOf = (group: string): AnyFlag[] =>
  tables.flatMap((flags) => Object.values(flags)).filter((flag) => flag.group === group)

/** The flag with what stands for its value, as in help: `--snr <db>`. */
export const termOf = (flag: AnyFlag): string => ('value' in flag ? `${flag.name} <${flag.value}>` : flag.name)

/** The parser of a flag for commander. A second value is an error, because one of the two would be ignored. */
function parserOf(flag: ValueFlag<unknown>) {
  let earlier = ''
  return (text: string, value: unknown): unknown => {
    if (value !== undefined) {
      const received = `it is given twice, as ${describe(earlier)} and ${describe(text)}`
      throw new NoisemillError('E_OPTION_INVALID', { option: flag.name, received })
    }
    earlier = text
    return flag.parse(text, flag.name)
  }
}

function optionOf(flag: AnyFlag): Option {
  const { summary, preset, group } = flag
  const option = new Option(termOf(flag), preset === undefined ? summary : `${summary} (default: ${preset})`)
  option.helpGroup(`${groups[group].heading}:`)
  return 'value' in flag ? option.argParser(parserOf(flag)) : option
}

/** Makes flags known to a command. */
export function declareFlags(command: Command, flags: readonly AnyFlag[]): void {
  for (const flag of flags) command.addOption(optionOf(flag))
}

/** The options that flags stand for, of what commander has read; those that were not given are left out. */
export function readFlags(flags: Flags, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values = Object.entries(flags).map(([name, flag]) => [name, given[optionOf(flag).attributeName()]] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}

/** What was asked of `add`. */
export interface AddRequest {
  readonly noise: NoiseOptions & Pick<AddNoiseOptions, 'parameters'>
  readonly pool: PoolOptions
  readonly own: OwnOptions
}

export function declareAddFlags(command: Command): void {
  for (const group of Object.keys(groups)) declareFlags(command, flagsOf(group))
  for (const [name, proposal] of Object.entries(WORDS_OF_OTHERS)) declareHint(command, name, proposal)
  // Commander's own check of required options would come before its check of unknown ones, and a misspelt --out be
  // called missing.
  command.hook('preAction', () => {
    const missing = Object.keys(groups)
      .flatMap(flagsOf)
      .find((flag) => flag.isRequired && command.getOptionValue(optionOf(flag).attributeName()) === undefined)
    if (missing) command.error(`error: required option '${termOf(missing)}' not specified`)
  })
}

/**
 * Flags of other programs, with what noisemill has instead. Commander would propose what is spelt alike: --copies for
 * --noise.
 */
const WORDS_OF_OTHERS: Readonly<Record<`--${string}`, string>> = {
  '--noise': '--sigma or --snr for the level, --kind for the kind of noise',
  '--level': '--sigma or --snr',
  '--threads': '--jobs',
  '--workers': '--jobs, or --backend workers',
  '--force': '--overwrite',
}

/** Makes a flag that there is not an error with a proposal. Takes a value, so that this is not taken for an input. */
function declareHint(command: Command, name: string, proposal: string): void {
  const option = new Option(`${name} [value]`).hideHelp()
  command.addOption(option).on(`option:${option.name()}`, () => {
    command.error(`error: unknown option '${name}'\n(Did you mean ${proposal}?)`, { code: 'commander.unknownOption' })
  })
}

export function readAddFlags(given: Readonly<Record<string, unknown>>): AddRequest {
  const parameters = readFlags(parameterFlags, given) as Record<string, number>
  const noise = readFlags(noiseFlags, given) as unknown as NoiseOptions
  return {
    noise: { ...noise, ...(Object.keys(parameters).length > 0 && { parameters }) },
    pool: readFlags(poolFlags, given),
    own: readFlags(ownFlags, given),
  }
}

/** How API calls write a range of levels, and how the command line does. */
const RANGE = { inCalls: '[low, high]', typed: 'LOW:HIGH' }

/** The message of an error in the words of the command line: flags for options, LOW:HIGH for `[low, high]`. */
export function messageInFlags(error: NoisemillError, known: readonly Flags[] = tables): string {
  const wordFor = (word: string): string | undefined =>
    word === RANGE.inCalls ? RANGE.typed : known.find((flags) => Object.hasOwn(flags, word))?.[word].name
  const { option, received } = error
  // What other errors received may be the name of a file.
  const mayHaveRange = error.code === 'E_OPTION_INVALID' || error.code === 'E_RESUME_SETTINGS'
  const details = {
    ...error,
    cause: error.cause,
    ...(option !== undefined && { option: wordFor(option) ?? option }),
    ...(received !== undefined &&
      mayHaveRange && { received: received.replace(/\[(-?[\d.]+), ?(-?[\d.]+)\]/g, '$1:$2') }),
  }
  return messageFor(error.code, details, (text) =>
    text.replace(/`([^`]+)`/g, (quoted, word) => wordFor(word) ?? quoted),
  )
}
