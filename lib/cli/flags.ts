/**
 * The flags of `noisemill add`, each declared once. Commander's options, the options of API calls, the flags in error
 * messages, and the tables in README and docs/cli.md are made from these declarations.
 */

import type { AddNoiseOptions } from '../add.js'
import { invalidOption, NoisemillError } from '../errors.js'
import type { PoolOptions, RecordedNoise, StemName } from '../index.js'
import { type KindDeclaration, offeredKinds } from '../plan/kinds.js'
import { parseChunkSize, parseLevel, parseNumber, parseOutputLevel, parseRange } from './numbers.js'

/** Groups of flags: the heading of each in the help, and its text in README's short table. */
export const groups = {
  level: {
    heading: 'Noise level (choose one)',
    short:
      "level: standard deviation (1.0 = full scale), or SNR in dB against each file's mean power. `5:20` draws a level for each output",
  },
  noise: {
    heading: 'Noise',
    short:
      'which noise: a recipe is a JSON file that describes it, and the seed is an integer or text. N copies of `a.wav` are `a.1.wav`, `a.2.wav`, ...',
  },
  recordings: {
    heading: 'Recorded noise',
    short:
      'noise from recordings: where they are, how shorter ones are used, what is drawn evenly; several voices at once, or events with gaps',
  },
  snr: {
    heading: 'SNR',
    short: 'what SNRs refer to, what a list of them means, and what is done with silent files',
  },
  mixture: {
    heading: 'Mixture',
    short: 'the level of the output, and what is done with values beyond full scale',
  },
  inputs: {
    heading: 'Inputs',
    short:
      'read a list of files, or stdin; leave out what a glob matches; ignore symbolic links in folders; process one of N shares',
  },
  outputs: {
    heading: 'Outputs',
    short:
      'where outputs go. Their names and noise depend on the path below `--root`, so several machines can share the work',
  },
  care: {
    heading: 'Existing outputs and checks',
    short:
      'replace existing outputs; resume an earlier run; sync each output to disk; write nothing; compare existing outputs; fail faulty headers',
  },
  run: { heading: 'Execution', short: 'how the work is done. The bytes of outputs never depend on it' },
  queue: {
    heading: 'Other machines',
    short: 'send the work to a queue in Redis, from which workers take it: `noisemill work`; see docs/queue.md',
  },
  print: {
    heading: 'Reporting',
    short:
      'write a line for each output to a file, JSON or CSV by its name, or to stdout as JSON; print what took the time; or print nothing but errors',
  },
} as const

/** A flag without a value. It sets its option to true, or to false if its name begins with --no-. */
export interface Switch {
  /** Name as it is typed. */
  readonly name: `--${string}`
  readonly group: keyof typeof groups
  /** Help text, with units and ranges. */
  readonly summary: string
  /** Default, as text for the help. */
  readonly preset?: string
  readonly isRequired?: boolean
}

/** A flag with a value. */
export interface ValueFlag<Value> extends Switch {
  /** Placeholder for the value in the help. */
  readonly value: string
  /** Parses a value. Throws E_OPTION_INVALID with the flag's name. The range is checked later, with the option. */
  parse(text: string, flag: string): Value
  /** A flag without a value that sets the option to false. Its name is that of the flag with --no-. */
  readonly negation?: Switch
  /** Whether the flag may be given several times. Its option is then the array of all values. */
  readonly isRepeatable?: boolean
}

export type AnyFlag = Switch | ValueFlag<unknown>

type Flag<Value> = [Value] extends [boolean] ? Switch : ValueFlag<Value>

/** Flags for all options of an interface, by the option's name. */
type FlagsFor<Options> = { readonly [Name in keyof Options]-?: Flag<NonNullable<Options[Name]>> }

/** Flags, by the name of the option that each sets. */
export type Flags = Readonly<Record<string, AnyFlag>>

/** Options of `addNoiseToFiles` that flags set, apart from the options of the pool and the parameters of kinds. */
export type NoiseOptions = Omit<
  AddNoiseOptions,
  | keyof PoolOptions
  | 'parameters'
  | 'noise'
  | 'layers'
  | 'pick'
  | 'signal'
  | 'pool'
  | 'onLoop'
  | 'onRepeat'
  | 'onUnread'
  | 'onExclude'
  | 'onForeign'
  | 'onNoiseLeftOut'
  | 'onReport'
>

/** Options that only the command has. */
export interface OwnOptions {
  readonly from?: string
  readonly recipe?: string
  readonly report?: string
  readonly json?: boolean
  readonly doctor?: boolean
  readonly quiet?: boolean
}

const asText = (text: string): string => text
/** Parses a path. Throws E_OPTION_INVALID for '', and for '-', which other programs take for a standard stream. */
export function parsePath(text: string, name: string): string {
  if (text === '' || text === '-')
    throw invalidOption(name, 'a path, not a standard stream (write ./- for a file or folder named -)', text)
  return text
}
/** Parses the path of a list, which may be '-'. */
function parseList(text: string, name: string): string {
  if (text === '') throw invalidOption(name, 'a path, or - for stdin', text)
  return text
}
function asGlob(text: string, flag: string): string {
  if (text === '') throw invalidOption(flag, 'a glob', text)
  return text
}
/** Passes a name on; it is checked later, with the option. */
const asName = <Name extends string>(text: string): Name => text as Name

const kinds = offeredKinds()

export const noiseFlags: FlagsFor<NoiseOptions> = {
  sigma: {
    name: '--sigma',
    value: 'x',
    group: 'level',
    summary: 'standard deviation of the noise, 0 to 16, where 1.0 is full scale; or a range LOW:HIGH, or a list A/B/C',
    parse: parseLevel,
  },
  snr: {
    name: '--snr',
    value: 'db',
    group: 'level',
    summary:
      "signal-to-noise ratio in dB against each file's mean power, -100 to 200; or a range LOW:HIGH, or a list A/B/C",
    parse: parseLevel,
  },
  dbfs: {
    name: '--dbfs',
    value: 'db',
    group: 'level',
    summary: 'RMS of the noise in dB of full scale, where a full-scale square is 0, -200 to 24; or a range or list',
    parse: parseLevel,
  },
  snrMode: {
    name: '--snr-mode',
    value: 'mode',
    group: 'snr',
    summary: 'of a list of SNRs, draw one for each output, or make an output for each, named a_snr5.wav: draw or each',
    preset: 'draw',
    parse: asName,
  },
  snrReference: {
    name: '--snr-reference',
    value: 'ref',
    group: 'snr',
    summary: 'what SNRs refer to: the mean power (rms) or the active speech level by ITU-T P.56 (active)',
    preset: 'rms',
    parse: asName,
  },
  exactSnr: {
    name: '--exact-snr',
    group: 'snr',
    summary: 'scale gaussian noise by its measured power, as other kinds are',
  },
  silent: {
    name: '--silent',
    value: 'what',
    group: 'snr',
    summary: 'what is done with silent files, which have no SNR: copy, skip or error',
    preset: 'copy',
    parse: asName,
  },
  seed: {
    name: '--seed',
    value: 's',
    group: 'noise',
    summary: 'seed of the noise: an integer or text',
    preset: '0',
    parse: asText,
  },
  copies: {
    name: '--copies',
    value: 'n',
    group: 'noise',
    summary: 'noisy copies of each file, 1 to 1,000,000',
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
  level: {
    name: '--level',
    value: 'level',
    group: 'mixture',
    summary: 'level of the mixture: keep, rms:DB or peak:DB, -120 to 0 dB of full scale; DB may be a range or a list',
    preset: 'keep',
    parse: parseOutputLevel,
  },
  clip: {
    name: '--clip',
    value: 'how',
    group: 'mixture',
    summary: 'values beyond full scale: clamp them, scale the mixture down, error, or none (float formats keep them)',
    preset: 'clamp',
    parse: asName,
    negation: { name: '--no-clip', group: 'mixture', summary: 'the same as --clip none' },
  },
  ceiling: {
    name: '--ceiling',
    value: 'x',
    group: 'mixture',
    summary: 'largest magnitude that --clip scale leaves, 0.01 to 1',
    preset: '0.99',
    parse: parseNumber,
  },
  dither: { name: '--dither', group: 'mixture', summary: 'add triangular dither of one step before PCM is rounded' },
  exclude: {
    name: '--exclude',
    value: 'glob',
    group: 'inputs',
    isRepeatable: true,
    summary: 'leave out files and folders that match: by name, or by path if the glob has a slash; may be repeated',
    parse: asGlob,
  },
  follow: {
    name: '--no-follow',
    group: 'inputs',
    summary: 'ignore symbolic links in folders; an INPUT may itself be a link',
  },
  shard: {
    name: '--shard',
    value: 'k/n',
    group: 'inputs',
    summary:
      'process one of N shares of the files, number K from 1; auto takes K and N from the array job of SLURM or AWS Batch, and auto/N takes K from Kubernetes',
    preset: 'all files',
    parse: asText,
  },
  out: {
    name: '--out',
    value: 'dir',
    group: 'outputs',
    summary: 'folder for the outputs, created if needed; it must not be in a folder that is searched for inputs',
    isRequired: true,
    parse: parsePath,
  },
  root: {
    name: '--root',
    value: 'dir',
    group: 'outputs',
    summary: 'folder that the paths of outputs and the keys of noise are relative to',
    preset: 'each input',
    parse: parsePath,
  },
  stems: {
    name: '--stems',
    value: 'names',
    group: 'outputs',
    summary:
      'parts of each mixture to write as well: clean, noise, or clean,noise; outputs are then in noisy, clean and noise below --out',
    parse: (text) => text.split(',') as StemName[],
  },
  overwrite: { name: '--overwrite', group: 'care', summary: 'replace existing outputs' },
  resume: {
    name: '--resume',
    group: 'care',
    summary: 'continue an earlier run with the same settings, and skip what it finished',
  },
  fsync: { name: '--fsync', group: 'care', summary: 'sync each output to the disk before it counts as done; slow' },
  dryRun: { name: '--dry-run', group: 'care', summary: 'check and measure the inputs, but write nothing' },
  verify: {
    name: '--verify',
    group: 'care',
    summary: 'write nothing, but compare existing outputs with what the inputs and settings give',
  },
  strict: {
    name: '--strict',
    group: 'care',
    summary: 'fail files whose header has a fault or whose active level cannot be measured, instead of warning',
  },
  chunkSize: {
    name: '--chunk-size',
    value: 'n',
    group: 'run',
    summary: 'files sent to the backend together (a chunk), 1 to 1,000,000, or auto',
    preset: 'auto',
    parse: parseChunkSize,
  },
}

export const poolFlags: FlagsFor<Pick<PoolOptions, 'size' | 'backend' | 'kernel'>> = {
  size: {
    name: '--jobs',
    value: 'n',
    group: 'run',
    summary:
      'files processed at the same time, 1 to 1024; with --queue about the number of threads of all workers together, by default 16',
    preset: 'one for each CPU',
    parse: parseNumber,
  },
  backend: {
    name: '--backend',
    value: 'b',
    group: 'run',
    summary: 'backend that does the work: auto, native, workers, processes or inline',
    preset: 'auto',
    parse: asName,
  },
  kernel: {
    name: '--kernel',
    value: 'k',
    group: 'run',
    summary: 'kernel of the backends workers and inline: auto, wasm or ts',
    preset: 'auto',
    parse: asName,
  },
}

export const ownFlags: FlagsFor<OwnOptions> = {
  from: {
    name: '--from',
    value: 'file',
    group: 'inputs',
    summary:
      "list of files to read in place of INPUT, a path in each line; - is stdin, and a list named *.scp is Kaldi's wav.scp",
    parse: parseList,
  },
  recipe: {
    name: '--recipe',
    value: 'file',
    group: 'noise',
    summary:
      'JSON file that describes the noise, as docs/noise.md says: several layers, for example; flags replace its fields',
    parse: parsePath,
  },
  report: {
    name: '--report',
    value: 'file',
    group: 'print',
    summary:
      'write a line for each output to this file, as CSV if its name ends in .csv, and otherwise as JSON; its folder is created if needed',
    parse: parsePath,
  },
  json: { name: '--json', group: 'print', summary: 'print a JSON line for each output, and one for the summary' },
  doctor: {
    name: '--doctor',
    group: 'print',
    summary: 'after the run, print what took its time, and what to change',
  },
  quiet: { name: '--quiet', group: 'print', summary: 'print nothing but errors' },
}

/** Options of the command that say which queue it uses. */
export interface QueueFlags {
  readonly queue?: string
  readonly redis?: string
  readonly redisFile?: string
  readonly redisCa?: string
  readonly keyFile?: string
}

/** Parses a URL of Redis. Other users of the machine see the command line. */
function parseRedis(text: string, name: string): string {
  if (!URL.canParse(text) || new URL(text).password === '') return text
  const expected = 'a URL without a password, because others see the command line (use --redis-file)'
  throw new NoisemillError('E_OPTION_INVALID', { option: name, expected, received: 'one with a password' })
}

export const queueFlags: FlagsFor<QueueFlags> = {
  queue: {
    name: '--queue',
    value: 'name',
    group: 'queue',
    summary: 'name of the queue; files are below the only folder that is an INPUT, or below --root',
    parse: asText,
  },
  redis: {
    name: '--redis',
    value: 'url',
    group: 'queue',
    summary: 'Redis of the queue, redis://HOST:PORT or rediss:// for TLS',
    preset: 'NOISEMILL_REDIS',
    parse: parseRedis,
  },
  redisFile: {
    name: '--redis-file',
    value: 'file',
    group: 'queue',
    summary: 'file that has the URL, which may have a user and a password',
    parse: parsePath,
  },
  redisCa: {
    name: '--redis-ca',
    value: 'file',
    group: 'queue',
    summary: 'certificates of the authorities that are trusted for TLS, instead of the public ones',
    parse: parsePath,
  },
  keyFile: {
    name: '--key-file',
    value: 'file',
    group: 'queue',
    summary: 'file with the key that signs messages, the same on all machines',
    preset: 'NOISEMILL_QUEUE_KEY',
    parse: parsePath,
  },
}

/** Flags of `work` that set options of `startWorker`, apart from those of the queue. */
const workFlags: Flags = {
  read: {
    name: '--read',
    value: 'dir',
    group: 'inputs',
    summary: 'folder that has the inputs; jobs can read nothing outside of it',
    parse: parsePath,
  },
  write: {
    name: '--write',
    value: 'dir',
    group: 'outputs',
    summary: 'folder for the outputs; jobs can write nothing outside of it',
    parse: parsePath,
  },
  noise: {
    name: '--noise',
    value: 'source',
    group: 'recordings',
    isRepeatable: true,
    summary: 'noise files that jobs may use: give the same sources in the same order as for add',
    parse: parsePath,
  },
  recipe: {
    name: '--recipe',
    value: 'file',
    group: 'recordings',
    summary: 'recipe whose noise files jobs may use',
    parse: parsePath,
  },
  follow: { ...noiseFlags.follow, group: 'recordings', summary: 'ignore symbolic links in folders of noise files' },
  allowOverwrite: {
    name: '--allow-overwrite',
    group: 'outputs',
    summary: 'let jobs replace existing outputs, if their run has --overwrite',
  },
  tasks: {
    name: '--tasks',
    value: 'file',
    group: 'run',
    summary: 'module whose exported functions jobs can call; they can call nothing else',
    parse: parsePath,
  },
  size: { ...poolFlags.size, summary: 'jobs worked on at the same time, 1 to 1024' },
  lease: {
    name: '--lease',
    value: 'ms',
    group: 'run',
    summary: 'milliseconds without a sign of life after which others take over the work, 2000 to 3,600,000',
    preset: '20000',
    parse: parseNumber,
  },
}

/** Tables of the flags of `work`. */
export const workTables = {
  options: workFlags,
  queue: {
    ...queueFlags,
    queue: { ...queueFlags.queue, summary: 'name of the queue', preset: 'noisemill' },
  } as Flags,
  own: {
    health: {
      name: '--health',
      value: 'where',
      group: 'print',
      summary:
        'PORT (on 127.0.0.1) or HOST:PORT to answer HTTP on, with 200 if Redis can be reached and 503 if not; or a file, which is written every 5 s while Redis can be reached',
      parse: asText,
    },
    quiet: ownFlags.quiet,
  } as Flags,
}

const { from: _, recipe: __, ...reportFlags } = ownFlags
const { overwrite, fsync, verify, chunkSize } = noiseFlags

/** Flags of `replay` that set options of the API. */
const replayFlags: Flags = {
  root: {
    name: '--root',
    value: 'dir',
    group: 'inputs',
    summary: 'folder that has the inputs: that of a row is its key below this folder',
    preset: 'where the rows say',
    parse: parsePath,
  },
  noiseRoot: {
    name: '--noise-root',
    value: 'dir',
    group: 'inputs',
    summary: 'folder that has the noise files: each folder, file, glob or list of a row is in it, under its last name',
    preset: 'where the rows say',
    parse: parsePath,
  },
  out: { ...noiseFlags.out, summary: 'folder for the outputs, created if needed' },
  ...{ overwrite, fsync, verify, chunkSize },
}

/** Tables of the flags of `replay`. */
export const replayTables = { options: replayFlags, pool: poolFlags, own: reportFlags }

/** Describes a parameter: its meaning, range, unit and default. */
function textOf(parameter: KindDeclaration['parameters'][number]): string {
  const { summary, unit, minimum, maximum, default: preset } = parameter
  const range = `${minimum} to ${maximum} ${unit}`.trimEnd()
  return `${summary}, ${range} (default: ${preset})`
}

/** Makes a flag for each parameter of the kinds. Kinds whose parameters have the same name share a flag. */
export function flagsOfKinds(kinds: readonly KindDeclaration[]): Readonly<Record<string, ValueFlag<number>>> {
  /** For each name, the kinds of each text. */
  const texts = new Map<string, Map<string, string[]>>()
  for (const kind of kinds) {
    for (const parameter of kind.parameters) {
      const ofName = texts.get(parameter.name) ?? new Map<string, string[]>()
      texts.set(parameter.name, ofName)
      const text = textOf(parameter)
      ofName.set(text, [...(ofName.get(text) ?? []), kind.name])
    }
  }
  const flags = Array.from(texts, ([name, ofName]): [string, ValueFlag<number>] => [
    name,
    {
      name: `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      value: 'x',
      group: 'noise',
      summary: Array.from(ofName, ([text, names]) => `${names.join(', ')}: ${text}`).join('; '),
      parse: parseNumber,
    },
  ])
  return Object.fromEntries(flags)
}

export const parameterFlags = flagsOfKinds(kinds)

/** Flags for the option `noise`, by the places of its fields. */
export const recordingFlags: {
  readonly [Name in keyof RecordedNoise as `noise.${Name}`]-?: Flag<NonNullable<RecordedNoise[Name]>>
} = {
  'noise.from': {
    name: '--noise',
    value: 'source',
    group: 'recordings',
    isRepeatable: true,
    summary:
      'noise files in place of a kind: a folder, a file, a glob, or a list named *.txt, *.list, *.lst or *.scp; may be repeated',
    parse: parsePath,
  },
  'noise.fit': {
    name: '--fit',
    value: 'how',
    group: 'recordings',
    summary: 'a noise file that is shorter than the input is repeated with crossfades (loop), or heard once (once)',
    preset: 'loop',
    parse: asName,
  },
  'noise.balance': {
    name: '--balance',
    value: 'what',
    group: 'recordings',
    summary: 'what is equally likely: each file, or each folder',
    preset: 'file',
    parse: asName,
  },
  'noise.downmix': {
    name: '--downmix',
    value: 'how',
    group: 'recordings',
    summary: 'of noise files with more channels than the input, the first are used, or the mean of all',
    preset: 'first',
    parse: asName,
  },
  'noise.voices': {
    name: '--voices',
    value: 'n',
    group: 'recordings',
    summary: 'different files that are heard at the same time with equal RMS, 1 to 16, or a range LOW:HIGH',
    preset: '1',
    parse: parseRange,
  },
  'noise.gap': {
    name: '--gap',
    value: 's',
    group: 'recordings',
    summary: 'single events with this time between them, 0.05 to 3600 s, or a range LOW:HIGH',
    parse: parseRange,
  },
}

/** All flags of `add`. */
export const tables: readonly Flags[] = [
  poolFlags,
  ownFlags,
  noiseFlags,
  recordingFlags,
  parameterFlags,
  queueFlags as Flags,
]

const withNegation = (flag: AnyFlag): AnyFlag[] =>
  'negation' in flag && flag.negation ? [flag, flag.negation] : [flag]

/** Returns the flags of a group, in the order of the help. */
export const flagsOf = (group: string, known = tables): AnyFlag[] =>
  known.flatMap((flags) => Object.values(flags).flatMap(withNegation)).filter((flag) => flag.group === group)

/** Formats a flag with the placeholder for its value, as in the help: `--snr <db>`. */
export const termOf = (flag: AnyFlag): string => ('value' in flag ? `${flag.name} <${flag.value}>` : flag.name)
