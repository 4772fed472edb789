/** Makes commander's options from the flags, and reads the options of a call from what commander has read. */

import { type Command, Option } from 'commander'
import type { AddNoiseOptions } from '../add.js'
import { describe, invalidOption, NoisemillError } from '../errors.js'
import type { PoolOptions, RecordedNoise } from '../index.js'
import { NO_LAYERS } from '../plan/options.js'
import {
  type AnyFlag,
  type Flags,
  flagsOf,
  groups,
  type NoiseOptions,
  noiseFlags,
  type OwnOptions,
  ownFlags,
  parameterFlags,
  poolFlags,
  type QueueFlags,
  queueFlags,
  recordingFlags,
  type Switch,
  tables,
  termOf,
  type ValueFlag,
} from './flags.js'
import { readRecipe, withRecipe } from './recipe.js'

/**
 * Makes commander's parser of a flag. If it is not repeatable, a second value is an error, because one of the two would be
 * ignored.
 */
function parserOf(flag: ValueFlag<unknown>) {
  let earlier = ''
  return (text: string, value: unknown): unknown => {
    if (flag.isRepeatable) return [...((value ?? []) as readonly unknown[]), flag.parse(text, flag.name)]
    // The negation sets false, which no flag with a value is parsed as.
    if (value === false) throw givenTwice(flag.name, negationOf(flag.name), describe(text))
    if (value !== undefined) throw givenTwice(flag.name, describe(earlier), describe(text))
    earlier = text
    return flag.parse(text, flag.name)
  }
}

/** Makes commander's parser of a switch. It may be repeated, unless it negates a flag that is given with a value. */
const switchParserOf = (flag: Switch) => (_: string, value: unknown) => {
  if (value !== undefined && typeof value !== 'boolean')
    throw givenTwice(flag.name.replace('--no-', '--'), describe(value), flag.name)
  // Commander sets true or false.
  return undefined
}

const negationOf = (name: string) => name.replace('--', '--no-')

function givenTwice(option: string, first: string, second: string): NoisemillError {
  return new NoisemillError('E_OPTION_INVALID', { option, received: `it is given twice, as ${first} and ${second}` })
}

function optionOf(flag: AnyFlag): Option {
  const { summary, preset, group } = flag
  const option = new Option(termOf(flag), preset === undefined ? summary : `${summary} (default: ${preset})`)
  option.helpGroup(`${groups[group].heading}:`)
  return option.argParser('value' in flag ? parserOf(flag) : switchParserOf(flag))
}

/** Declares flags as options of a command. */
export function declareFlags(command: Command, flags: readonly AnyFlag[]): void {
  for (const flag of flags) command.addOption(optionOf(flag))
}

/**
 * Converts the values that commander has read to options, by the option's name. Flags that were not given are left out.
 */
export function readFlags(flags: Flags, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values = Object.entries(flags).map(([name, flag]) => [name, given[optionOf(flag).attributeName()]] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}

/** The options of one call of `add`. */
export interface AddRequest {
  readonly noise: NoiseOptions & Pick<AddNoiseOptions, 'parameters' | 'noise' | 'layers' | 'pick'>
  readonly pool: PoolOptions
  readonly queue: QueueFlags
  readonly own: OwnOptions
}

export function declareAddFlags(command: Command): void {
  declareGroups(command, tables)
  for (const [name, proposal] of Object.entries(FOREIGN_FLAGS)) declareHint(command, name, proposal)
}

/** Declares the flags of tables in their groups, and checks that required ones are given. */
export function declareGroups(command: Command, known: readonly Flags[]): void {
  const flags = Object.keys(groups).flatMap((group) => flagsOf(group, known))
  declareFlags(command, flags)
  // Commander checks required options before unknown ones, and would report a misspelt --out as missing.
  command.hook('preAction', () => {
    const missing = flags.find(
      (flag) => flag.isRequired && command.getOptionValue(optionOf(flag).attributeName()) === undefined,
    )
    if (missing) command.error(`error: required option '${termOf(missing)}' not specified`)
  })
}

/**
 * Flags of other programs, with the flags to propose instead. Commander would propose flags with a similar spelling, such
 * as --copies for --noise.
 */
const FOREIGN_FLAGS: Readonly<Record<`--${string}`, string>> = {
  '--noise-level': '--sigma, --snr or --dbfs',
  '--threads': '--jobs',
  '--workers': '--jobs, or --backend workers',
  '--force': '--overwrite',
}

/**
 * Declares a flag that only reports an error with a proposal. It takes a value, which would otherwise count as an
 * INPUT.
 */
function declareHint(command: Command, name: string, proposal: string): void {
  const option = new Option(`${name} [value]`).hideHelp()
  command.addOption(option).on(`option:${option.name()}`, () => {
    command.error(`error: unknown option '${name}'\n(Did you mean ${proposal}?)`, { code: 'commander.unknownOption' })
  })
}

/** Returns the object that has these values: the field `fit` for the place 'noise.fit'. */
const fieldsOf = (values: readonly (readonly [place: string, value: unknown])[]) =>
  Object.fromEntries(values.map(([place, value]) => [place.slice(place.lastIndexOf('.') + 1), value]))

/** Reads the options of a call, and its recipe. Throws E_RECIPE. */
export function readAddFlags(given: Readonly<Record<string, unknown>>): AddRequest {
  const parameters = readFlags(parameterFlags, given) as Record<string, number>
  const noise = readFlags(noiseFlags, given) as unknown as NoiseOptions
  const own: OwnOptions = readFlags(ownFlags, given)
  const recordings = Object.entries(readFlags(recordingFlags, given))
  const flags: AddRequest['noise'] = {
    ...noise,
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(recordings.length > 0 && { noise: fieldsOf(recordings) as unknown as RecordedNoise }),
  }
  const merged = own.recipe === undefined ? flags : withRecipe(readRecipe(own.recipe), flags)
  const [recording] = recordings
  if (recording && merged.layers) throw invalidOption(recording[0], NO_LAYERS, recording[1])
  if (recording && merged.noise?.from === undefined)
    throw invalidOption(recording[0], '`noise` beside it', recording[1])
  return {
    noise: merged,
    pool: readFlags(poolFlags, given),
    queue: readFlags(queueFlags as Flags, given),
    own,
  }
}
