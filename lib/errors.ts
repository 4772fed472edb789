/** The one table of error codes, and the error that carries them. */

import { types } from 'node:util'
import { showText } from './show.js'

/**
 * Options, and values that are written otherwise on the command line, stand in backquotes in summaries, in remedies and in what was expected.
 * The command line puts its own words in their place.
 */
interface CodeEntry {
  /** What happened, in half a sentence. */
  readonly summary: string
  /** What to do about it. */
  readonly remedy: string
  /** What to do instead, by the code of the cause; '' if there is no cause. */
  readonly remedies?: Readonly<Record<string, string>>
}

const INCOMPLETE = 'The file is damaged or was never finished: copy it again from where it came from, or leave it out.'

const table = {
  // Wrong calls: thrown before anything is done.
  E_OPTION_INVALID: { summary: 'invalid option', remedy: '' },
  E_OPTION_UNKNOWN: { summary: 'unknown option', remedy: 'Check its spelling; options are never ignored.' },
  E_LEVEL_MISSING: {
    summary: 'no noise level',
    remedy: 'Give `sigma` (standard deviation, 1.0 = full scale) or `snr` (decibels).',
  },
  E_LEVEL_BOTH: { summary: '`sigma` and `snr` both given', remedy: 'Give one of them: each determines the other.' },
  E_NO_INPUT: {
    summary: 'no input',
    remedy: 'Name a file, a folder that holds .wav, .wave, .bwf or .rf64 files, or a glob that matches some.',
  },
  E_OUTPUT_IN_INPUT: {
    summary: 'the output folder lies in an input folder',
    remedy: 'Choose one beside it, or outputs would become inputs.',
  },
  E_OUTPUT_FOLDER: { summary: 'the output folder cannot be written to', remedy: 'Check the path and its permissions.' },
  E_JOURNAL: {
    summary: 'the journal of the output folder cannot be read or written',
    remedy: 'Check the file and its permissions; it has to be a file of its own in that folder.',
  },
  E_RESUME_SETTINGS: {
    summary: 'the folder was last written to with other settings',
    remedy: 'Resume with the same settings, choose another folder, or pass `overwrite` instead of `resume`.',
  },
  E_REPORT: {
    summary: 'the report cannot be written',
    remedy: 'Choose another file, or pass `overwrite` if it exists.',
  },
  E_BACKEND_UNAVAILABLE: {
    summary: 'the backend cannot be had',
    remedy: 'Backend "auto" falls back to workers, unless NOISEMILL_NATIVE is "require".',
  },
  E_KERNEL_UNAVAILABLE: {
    summary: 'the kernel cannot be had',
    remedy: 'Leave the option out, or unset the variable, to use what there is.',
  },
  E_ISA_UNAVAILABLE: {
    summary: 'this machine does not have the instruction set',
    remedy: 'Unset the variable to use the best there is.',
  },
  E_POOL_CLOSED: { summary: 'the pool is closed', remedy: 'Make a new Pool.' },
  E_POOL_TERMINATED: { summary: 'the pool was terminated while this was running', remedy: '' },

  // One file: the others go on.
  E_ITEM_INVALID: {
    summary: 'invalid file item',
    remedy: 'A file item is a path or an object { input, key?, output? }.',
  },
  E_INPUT_MISSING: { summary: 'no such file', remedy: 'Check the path.' },
  E_INPUT_NOT_FILE: { summary: 'not a file', remedy: 'Only regular files are read.' },
  E_INPUT_UNREADABLE: { summary: 'cannot be opened', remedy: 'Check its permissions.' },
  E_INPUT_READ: { summary: 'reading failed', remedy: 'Check the disk that it is on.' },
  E_INPUT_CHANGED: {
    summary: 'the file became shorter while it was read',
    remedy: 'Run again once nothing writes to it.',
  },
  E_WAV_NOT_RIFF: { summary: 'not a RIFF WAVE file', remedy: 'Convert it to WAV first.' },
  E_WAV_TRUNCATED: { summary: 'the header is cut short', remedy: INCOMPLETE },
  E_WAV_NO_FORMAT: { summary: 'no format before the data', remedy: INCOMPLETE },
  E_WAV_NO_DATA: { summary: 'no data chunk', remedy: INCOMPLETE },
  E_WAV_FORMAT: { summary: 'the format contradicts itself', remedy: 'The header is damaged; write the file anew.' },
  E_WAV_DAMAGED: {
    summary: 'the coded samples are damaged',
    remedy: 'Get the file anew, or decode it as far as it goes.',
  },
  E_WAV_UNSUPPORTED: {
    summary: 'a format that noisemill does not read',
    remedy:
      'It reads RIFF, RIFX, RF64 and BW64 with PCM of up to 32 bits, float of 32 or 64 bits, A-law, mu-law, IMA ADPCM or MS ADPCM, up to 1024 channels. ' +
      'Convert the file to PCM with a program that reads it, ffmpeg for example, or record or export it as PCM.',
  },
  E_WAV_TOO_LONG: {
    summary: 'with true sizes, or decoded, the file would be longer than its container can be',
    remedy: 'Convert RIFX to RIFF, which can grow into RF64, and coded samples to RF64.',
  },
  E_WAV_STRICT: {
    summary: 'the header is not as it should be',
    remedy: 'Leave `strict` out to have the file done all the same, with these as warnings.',
  },
  E_SIGNAL_POWER: { summary: 'the SNR cannot be had for this signal', remedy: 'Use `sigma`, or mend the samples.' },
  E_OUTPUT_EXISTS: {
    summary: 'the output exists',
    remedy: 'Choose another folder, pass `resume` if an earlier run made it, or `overwrite` to replace it.',
  },
  E_OUTPUT_IS_INPUT: {
    summary: 'the output is the input',
    remedy: 'Inputs are never written to; choose another folder.',
  },
  E_OUTPUT_CLASH: {
    summary: 'another input has the same output',
    remedy: 'Rename one of them, or give a `root` that both lie in if they lie in different folders.',
  },
  E_OUTPUT_OUTSIDE: {
    summary: 'a symbolic link leads out of the output folder',
    remedy: 'Remove the link, or name the folder that it leads to as the output folder.',
  },
  E_OUTPUT_CREATE: { summary: 'the output cannot be created', remedy: 'Check the folder and its permissions.' },
  E_OUTPUT_WRITE: { summary: 'writing failed', remedy: 'Check the disk that the output is on.' },
  E_OUTPUT_PUBLISH: {
    summary: 'the finished output cannot be given its name',
    remedy: 'Check the permissions of its folder, and whether a folder or an open file has its name.',
  },
  E_VOLUME_FULL: { summary: 'the volume is full', remedy: 'Free some space and run again with `resume`.' },
  E_SAMPLES_CHANGED: {
    summary: 'the memory of the samples was detached or resized before or while noise was added',
    remedy: 'Leave it alone until the promise settles.',
  },
  E_NO_MEMORY: { summary: 'out of memory', remedy: 'Work on fewer files at the same time: pass a smaller `size`.' },
  E_INTERNAL: { summary: 'an error inside noisemill', remedy: 'Report it, with this message.' },
  E_CANCELLED: { summary: 'cancelled before it was finished', remedy: '' },

  // One item of a task.
  E_TASK_LOAD: {
    summary: 'the task module cannot be used',
    remedy: 'The error that the module threw is the cause of this one.',
    remedies: {
      '': 'Check the exported name.',
      ERR_MODULE_NOT_FOUND: 'Check the URL of the module, and the paths that it imports.',
      MODULE_NOT_FOUND: 'Check the paths that the module requires.',
      ERR_UNKNOWN_FILE_EXTENSION:
        'Compile the module to JavaScript, or run Node with a loader, such as node --import tsx for TypeScript.',
    },
  },
  E_TASK_NESTED: {
    summary:
      'a module runs a pool on itself as soon as it is loaded, so each thread of the pool would start another pool',
    remedy:
      "Let only the main thread run it: import { isMainThread } from 'node:worker_threads', and if (isMainThread) { ... }.",
  },
  E_TASK_FAILED: { summary: 'the task threw', remedy: 'The cause is on the error.' },
  E_NOT_CLONEABLE: {
    summary: 'a value cannot cross to another thread',
    remedy:
      'Pass plain data, or a file name: functions, symbols and promises cannot cross, and class instances lose their class.',
  },
  E_WORKER_DIED: { summary: 'the worker thread died on this item', remedy: 'The cause, where known, is on the error.' },
  E_BACKEND_FAILED: {
    summary: 'the backend failed',
    remedy: 'The cause, where known, is on the error.',
  },
  E_WORKER_START: { summary: 'worker threads cannot be started', remedy: 'The cause is on the error.' },
} as const satisfies Record<string, CodeEntry>

/**
 * The stable codes of NoisemillError. Codes may be added; none changes its meaning.
 *
 * @useDeclaredType
 * @example
 * import { type ErrorCode, NoisemillError, noiseTask } from 'noisemill'
 *
 * const ofLevels: ErrorCode[] = ['E_LEVEL_MISSING', 'E_LEVEL_BOTH']
 * try {
 *   noiseTask({ out: 'noisy', sigma: 0.1, snr: 10 })
 * } catch (error) {
 *   console.log(error instanceof NoisemillError && ofLevels.includes(error.code)) // -> true
 * }
 */
export type ErrorCode = keyof typeof table

/**
 * All codes, for those who want to handle each.
 *
 * @example
 * import { errorCodes } from 'noisemill'
 *
 * console.log(errorCodes.filter((code) => code.startsWith('E_LEVEL'))) // -> [ 'E_LEVEL_MISSING', 'E_LEVEL_BOTH' ]
 */
export const errorCodes: readonly ErrorCode[] = Object.keys(table) as ErrorCode[]

/**
 * What an error says beside its code; what has no part in it is left out.
 *
 * @example
 * import { type ErrorDetails, NoisemillError } from 'noisemill'
 *
 * const details: ErrorDetails = { path: 'a.wav', errno: 'EACCES' }
 * const error = new NoisemillError('E_INPUT_UNREADABLE', details)
 * console.log(error.message) // -> a.wav: cannot be opened (EACCES). Check its permissions.
 */
export interface ErrorDetails {
  /** The file or folder at fault; bytes that are not UTF-8 are shown as \xHH. */
  readonly path?: string
  /** The option at fault. */
  readonly option?: string
  /** What would have been right, in words. */
  readonly expected?: string
  /** What came instead. */
  readonly received?: string
  /** The system's name for the fault, 'EACCES' for example. */
  readonly errno?: string
  /** The number of the item within the run, from 0. */
  readonly index?: number
  /** The item itself. */
  readonly item?: unknown
  /** The error that this one came of: what a task threw, for example. */
  readonly cause?: unknown
}

/**
 * Every error that noisemill makes. Go by `code`, never by the message. Beside it an error has those of its `ErrorDetails` that are
 * known.
 *
 * @example
 * import { addNoise, NoisemillError } from 'noisemill'
 *
 * try {
 *   await addNoise(new Float32Array(100), { sigma: -1 })
 * } catch (error) {
 *   if (!(error instanceof NoisemillError)) throw error
 *   console.log(error.code, error.option, error.received) // -> E_OPTION_INVALID sigma -1
 * }
 */
export class NoisemillError extends Error {
  /** As with all errors the name of the class, for logs. */
  override readonly name = 'NoisemillError'
  /** What happened. */
  readonly code: ErrorCode
  /** The file or folder at fault; bytes that are not UTF-8 are shown as \xHH. */
  declare readonly path?: string
  /** The option at fault. */
  declare readonly option?: string
  /** What would have been right, in words. */
  declare readonly expected?: string
  /** What came instead. */
  declare readonly received?: string
  /** The system's name for the fault, 'EACCES' for example. */
  declare readonly errno?: string
  /** The number of the item within the run, from 0. */
  declare readonly index?: number
  /** The item itself. */
  declare readonly item?: unknown

  /**
   * An error, made like those of the package.
   *
   * @param code what happened; the message follows from it and the details
   * @param details fields of the error
   */
  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const { cause, ...rest } = details
    super(messageFor(code, details), cause === undefined ? undefined : { cause })
    this.code = code
    for (const [name, value] of Object.entries(rest)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true })
    }
  }

  /**
   * What `JSON.stringify` shows: the code, the message, and the details that are text.
   *
   * @example
   * import { NoisemillError } from 'noisemill'
   *
   * const { code, path } = new NoisemillError('E_INPUT_MISSING', { path: 'a.wav' }).toJSON()
   * console.log(code, path) // -> E_INPUT_MISSING a.wav
   */
  toJSON(): Record<string, unknown> {
    const { code, message, path, option, expected, received, errno } = this
    return { code, message, path, option, expected, received, errno }
  }
}

export const isDomException = (value: unknown): value is DOMException =>
  Object.prototype.toString.call(value) === '[object DOMException]'

/** Whether a value is an error, of whatever realm: the errors of a vm context are instances of another `Error`. */
export const isError = (value: unknown): value is Error =>
  types.isNativeError(value) || isDomException(value) || value instanceof Error

/** Whether a value is a NoisemillError, of this copy of the package or of another one in the process. */
export const isNoisemillError = (value: unknown): value is NoisemillError =>
  isError(value) && value.name === 'NoisemillError' && Object.hasOwn(table, (value as NoisemillError).code)

/** Remedies for faults of the system that are the same whatever the code. */
const REMEDIES: Readonly<Record<string, string>> = {
  // The name that Node's permission model has for what it refuses.
  ERR_ACCESS_DENIED:
    'Run Node with --allow-fs-read for inputs, --allow-fs-write for the output folder and all in it, and --allow-worker for worker threads.',
  ELOOP: 'Symbolic links in its path lead in a circle, or are too many: correct or remove them.',
  EMFILE: 'Raise the limit of open files (ulimit -n), or pass a smaller `size`.',
  ENFILE: 'The whole system has too many open files: close other programs.',
  EROFS: 'Its file system is mounted read-only: choose a folder on another one.',
  ENAMETOOLONG:
    'Most systems take names of up to 255 bytes, with the number that `copies` adds, and paths of up to 4095: shorten some names, or give paths that are relative to a folder further down.',
}

/** The remedy for a path that is missing because Node could not pass its true name on. */
const MANGLED =
  'It holds U+FFFD, which is what Node makes of bytes that are not UTF-8: such a name cannot be given as an argument. Name the folder that it is in.'

function remedyFor(code: ErrorCode, { path, errno, cause }: ErrorDetails): string {
  const { remedy, remedies }: CodeEntry = table[code]
  const isMissing = code === 'E_INPUT_MISSING' || code === 'E_NO_INPUT'
  if (isMissing && path?.includes('\ufffd')) return MANGLED
  const causeCode = cause === undefined ? '' : String(Object(cause).code)
  return REMEDIES[errno ?? ''] ?? remedies?.[causeCode] ?? REMEDIES[causeCode] ?? remedy
}

/**
 * The message of an error.
 *
 * @param inWords puts other words in the place of those in backquotes
 */
export function messageFor(code: ErrorCode, details: ErrorDetails, inWords = (text: string): string => text): string {
  const summary = inWords(table[code].summary)
  const { path, option, received, errno, index, cause } = details
  const expected = details.expected === undefined ? undefined : inWords(details.expected)
  const subject = path ?? option ?? (index === undefined ? undefined : `item ${index}`)
  let text = subject === undefined ? summary : `${subject}: ${summary}`
  if (expected !== undefined) text += `: expected ${expected} but got ${received ?? 'nothing'}`
  else if (received !== undefined && received !== '') text += `: ${received}`
  if (errno !== undefined && errno !== '') text += ` (${errno})`
  if (isError(cause) && cause.message !== '') text += `: ${cause.message}`
  // A function may throw anything, null and undefined too.
  else if (code === 'E_TASK_FAILED' && !isError(cause)) text += ` ${describe(cause)}`
  text = /[.!?]$/.test(text) ? text : `${text}.`
  const remedy = inWords(remedyFor(code, details))
  return remedy === '' ? text : `${text} ${remedy}`
}

/** A value as an error message shows it: short, with its type. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return showText(JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value))
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value))
    return value.length > 8 || value.some(Array.isArray)
      ? `an array of ${value.length}`
      : `[${Array.from(value, describe).join(', ')}]`
  return typeof value === 'object' ? `an object (${value.constructor?.name ?? 'no class'})` : `a ${typeof value}`
}

/** The error for a wrong option, in the one wording that all have. */
export function invalidOption(option: string, expected: string, received: unknown): NoisemillError {
  return new NoisemillError('E_OPTION_INVALID', { option, expected, received: describe(received) })
}
