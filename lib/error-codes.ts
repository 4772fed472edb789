/** The table of error codes: what each says, and what the caller can do about it. */

/**
 * The texts of one error code. Names of options stand in backquotes, in `expected` too, and so do
 * values that the command line writes differently. The command line replaces them with its own
 * words, such as `snr` with --snr.
 */
export interface CodeEntry {
  /** What happened: a clause that can follow the name of a file or an option. */
  readonly summary: string
  /** What the caller can do about it, in complete sentences. */
  readonly remedy: string
  /** Remedies that replace `remedy`, by the `code` of the cause; '' if there is no cause. */
  readonly remedies?: Readonly<Record<string, string>>
}

const INCOMPLETE = 'The file is damaged or was never finished: copy it again from where it came from, or leave it out.'
const SEE_CAUSE = 'The `cause` of this error has the reason, if it is known.'

const LOADER = 'give the workers a loader by `execArgv`, such as tsx (docs/pool.md shows how)'

/** The texts of all error codes. */
const table = {
  // Errors of a call: thrown before any work begins.
  E_OPTION_INVALID: { summary: 'invalid option', remedy: '' },
  E_OPTION_UNKNOWN: { summary: 'unknown option', remedy: 'Check the spelling, or leave the option out.' },
  E_LEVEL_MISSING: {
    summary: 'the noise level is missing',
    remedy: 'Give `sigma` (standard deviation, 1.0 = full scale), `snr` or `dbfs` (decibels).',
  },
  E_LEVEL_BOTH: {
    summary: 'more than one of `sigma`, `snr` and `dbfs` is given',
    remedy: 'Give only one of them, because each determines the others.',
  },
  E_NO_INPUT: {
    summary: 'there is no input',
    remedy: 'Name a file, a folder that contains .wav, .wave, .bwf or .rf64 files, or a glob that matches such files.',
  },
  E_LIST: {
    summary: 'the list of files cannot be read',
    remedy: 'Check its permissions.',
    remedies: {
      '': 'A list is a text file with one path in each line.',
      ENOENT: 'Check its path.',
      EISDIR: 'A list is a file. Give the folder itself as an input.',
    },
  },
  E_OUTPUT_IN_INPUT: {
    summary: 'the output folder is inside an input folder',
    remedy: 'Choose a folder outside all input folders, so that outputs do not become inputs.',
  },
  E_OUTPUT_FOLDER: { summary: 'the output folder cannot be written to', remedy: 'Check the path and its permissions.' },
  E_JOURNAL: {
    summary: 'the journal of the output folder cannot be read or written',
    remedy:
      'Check .noisemill-journal in that folder and its permissions. It must be a regular file that noisemill wrote. If the cause is the size of a Map, the folder has more than 16.7 million outputs: divide the run by --shard, as docs/scale.md says.',
  },
  E_JOURNAL_MISSING: {
    summary: 'the folder has no journal',
    remedy:
      'Name the output folder of a run. A run writes its journal when it finds its first file; a dry run, --verify and replay write none.',
    remedies: { ENOENT: 'Check its path.', ENOTDIR: 'Name the folder.' },
  },
  E_RESUME_SETTINGS: {
    summary: 'the last run into this folder had other settings',
    remedy: 'Resume with the same settings, choose another folder, or pass `overwrite` instead of `resume`.',
  },
  E_REPLAY_ROWS: {
    summary: 'the rows cannot be read',
    remedy: 'Pass a report of JSON lines, which --report writes if the name of its file does not end in .csv.',
    remedies: { ENOENT: 'Check the path.', EISDIR: 'Pass the report itself.', EACCES: 'Check its permissions.' },
  },
  E_REPLAY_ROW: {
    summary: 'the row cannot be replayed',
    remedy: 'Take the row, unchanged, from the report of a run of this version of noisemill, or leave it out.',
  },
  E_REPORT: {
    summary: 'the report cannot be written',
    remedy: 'Choose another file, or pass `overwrite` if it exists.',
  },
  E_REPORT_CLASH: {
    summary: 'the report would be written over a file of the run',
    remedy: 'Choose another file for the report.',
  },
  E_CACHE: {
    summary: 'the cache folder cannot be written to',
    remedy: 'Set the environment variable NOISEMILL_CACHE to a folder that noisemill may write to.',
  },
  E_RECIPE: {
    summary: 'the recipe is not valid',
    remedy: 'Correct it: docs/noise.md says what a recipe has.',
    remedies: {
      ENOENT: 'Check its path.',
      EISDIR: 'A recipe is a file.',
    },
  },
  E_BACKEND_UNAVAILABLE: {
    summary: 'the backend is not available',
    remedy: 'With backend "auto", one that is available is used, unless NOISEMILL_NATIVE is "require".',
  },
  E_KERNEL_UNAVAILABLE: {
    summary: 'the kernel is not available',
    remedy: 'Leave the option out, or unset the variable, to use an available kernel.',
  },
  E_ISA_UNAVAILABLE: {
    summary: 'this machine does not support the instruction set',
    remedy: 'Unset the variable to use the best instruction set of this machine.',
  },
  E_PACKAGE_MISSING: {
    summary: 'a package that queues need is not installed',
    remedy: 'Install both beside noisemill: npm install bullmq@6 ioredis@6.',
  },
  E_QUEUE: {
    summary: 'the queue cannot be used',
    remedy:
      'Check that Redis runs, accepts the password, has room, and does not evict (maxmemory-policy noeviction). Run again with `resume` to do the rest.',
  },
  E_POOL_CLOSED: { summary: 'the pool is closed', remedy: 'Make a new Pool.' },
  E_POOL_TERMINATED: { summary: 'the pool was terminated before this work was finished', remedy: '' },

  // Errors of one file: the other files are still processed.
  E_ITEM_INVALID: {
    summary: 'invalid file item',
    remedy:
      'A file item is a path or an object { input, key?, output? }. For `transformTask` it can also be { samples, sampleRate, key, output?, format? }.',
  },
  E_LIST_LINE: {
    summary: 'the line of the list is not a path',
    remedy:
      'Write one path in each line. If the name of the list ends in .scp, write an id, a space and a path, as Kaldi does.',
  },
  E_LIST_COMMAND: {
    summary: 'the line of the list is a command, and noisemill runs none',
    remedy: 'Run the command, write what it prints to a WAV file, and put the path of that file into the list.',
  },
  E_INPUT_IN_OUTPUT: {
    summary: 'the file lies in the output folder',
    remedy: 'Take it from the list, or choose another output folder, so that outputs do not become inputs.',
  },
  E_INPUT_MISSING: { summary: 'no such file', remedy: 'Check the path.' },
  E_INPUT_NOT_FILE: {
    summary: 'not a regular file',
    remedy: 'noisemill reads regular files only. A folder can be an INPUT of its own, but not a line of a list.',
  },
  E_INPUT_UNREADABLE: { summary: 'cannot be opened', remedy: 'Check its permissions.' },
  E_INPUT_READ: { summary: 'reading failed', remedy: 'Check the disk that holds the file.' },
  E_INPUT_CHANGED: {
    summary: 'the file became shorter while it was read',
    remedy: 'Run again when no other program writes to it.',
  },
  E_WAV_NOT_RIFF: { summary: 'not a RIFF WAVE file', remedy: 'Convert it to WAV first.' },
  E_WAV_TRUNCATED: { summary: 'the header is incomplete', remedy: INCOMPLETE },
  E_WAV_NO_FORMAT: { summary: 'there is no fmt chunk before the data', remedy: INCOMPLETE },
  E_WAV_NO_DATA: { summary: 'there is no data chunk', remedy: INCOMPLETE },
  E_WAV_FORMAT: {
    summary: 'the header contradicts itself',
    remedy: 'The header is damaged: write the file again with the program that made it.',
  },
  E_WAV_DAMAGED: {
    summary: 'the coded samples are damaged',
    remedy: 'Copy the file again from where it came from, or decode its undamaged part with another program.',
  },
  E_WAV_UNSUPPORTED: {
    summary: 'noisemill does not read this format',
    remedy:
      'It reads RIFF, RIFX, RF64 and BW64 files of up to 1024 channels with PCM of up to 32 bits, float of 32 or 64 bits, A-law, mu-law, IMA ADPCM or MS ADPCM. ' +
      'Convert the file to PCM with a program that reads it, such as ffmpeg, or record or export it as PCM.',
  },
  E_WAV_TOO_LONG: {
    summary: 'the output would be larger than its container allows',
    remedy: 'Convert a RIFX file to RIFF first, or a file with coded samples to RF64.',
  },
  E_WAV_STRICT: {
    summary: 'the file has faults that `strict` refuses',
    remedy: 'Leave `strict` out to process the file and to get these faults as warnings.',
  },
  E_SIGNAL_POWER: {
    summary: 'this level is not possible for this signal',
    remedy: 'Use `sigma` for the level of the noise and leave out `level`, or correct the samples.',
  },
  E_SIGNAL_SILENT: {
    summary: 'the file is silent, so it has no SNR',
    remedy: "Leave the file out, or choose with `silent` what is done with silent files: 'copy' or 'skip'.",
  },
  E_CLIPPED: {
    summary: 'samples of the mixture are beyond full scale',
    remedy: "Add less noise, lower the mixture with `level`, or choose with `clip` what is done: 'clamp' or 'scale'.",
  },
  E_STEM_RANGE: {
    summary: 'samples of a stem are beyond what its format can hold',
    remedy:
      "Add less noise, lower the mixture with `level` or with 'scale' as `clip`, leave out `stems`, or convert the file to float.",
  },
  E_NOISE_LOW: {
    summary: 'the lowest frequency of the noise is out of range for this file',
    remedy: 'Pass a `low` in that range; it is a parameter of this kind of noise.',
  },
  E_NOISE_BANK: {
    summary: 'the noise files cannot be used',
    remedy: 'Check the folders, files and lists of noise that you named.',
  },
  E_NOISE_EMPTY: { summary: 'the noise file has no samples', remedy: 'Leave it out of the noise files.' },
  E_NOISE_RATE: {
    summary: 'no noise file has the sample rate of this file',
    remedy:
      'Convert the noise files to this sample rate, because noisemill does not resample. SoX does it, for 16 kHz by: sox noise.wav -r 16000 converted.wav',
  },
  E_NOISE_CHANNELS: {
    summary: 'no noise file has channels that fit this file',
    remedy: 'Use noise files of one channel, or of at least as many channels as this file has.',
  },
  E_NOISE_FEW: {
    summary: 'there are too few noise files for a babble',
    remedy: 'Use more noise files of the sample rate and the channels of this file, or ask for fewer `voices`.',
  },
  E_NOISE_FILE: {
    summary: 'a noise file cannot be read, or has changed since the run began',
    remedy: 'Restore the noise file. Do the output again with `resume`.',
  },
  E_NOISE_SILENT: {
    summary: 'the pieces of noise that were drawn are silent',
    remedy: 'Remove silent files from the noise files: those more than 90 dB below full scale.',
  },
  E_OUTPUT_EXISTS: {
    summary: 'the output exists',
    remedy:
      'Choose another folder, or pass `overwrite` to replace it. `resume` replaces only what a run with the same settings has begun.',
  },
  E_OUTPUT_IS_INPUT: {
    summary: 'the output would replace an input',
    remedy: 'Choose another output folder, because noisemill never writes to inputs.',
  },
  E_OUTPUT_CLASH: {
    summary: 'another input has the same output',
    remedy: 'Rename one of them. If they are in different folders, you can instead give a `root` that contains both.',
  },
  E_OUTPUT_OUTSIDE: {
    summary: 'a symbolic link leads out of the output folder',
    remedy: 'Remove the link, or name the folder that it leads to as the output folder.',
  },
  E_OUTPUT_CREATE: { summary: 'the output cannot be created', remedy: 'Check the folder and its permissions.' },
  E_OUTPUT_WRITE: { summary: 'writing failed', remedy: 'Check the disk that holds the output.' },
  E_OUTPUT_PUBLISH: {
    summary: 'the finished output cannot be renamed to its final name',
    remedy: 'Check the permissions of its folder, and whether a folder or an open file has that name.',
  },
  E_OUTPUT_MISSING: {
    summary: 'the output does not exist',
    remedy: 'Run without `verify` to make it.',
  },
  E_OUTPUT_DIFFERS: {
    summary: 'the output differs from what these inputs and settings give',
    remedy:
      'Check that the settings, the seed and the inputs are those of the run that made it. If they are, the output was changed: remove it, and run without `verify` to make it again.',
  },
  E_OUTPUT_READ: { summary: 'the output cannot be read', remedy: 'Check its permissions, and the disk that holds it.' },
  E_OUTPUT_FOREIGN: {
    summary: 'the output folder has a WAV file that no input of this run leads to',
    remedy: 'Remove the file, or run with all inputs of the folder.',
  },
  E_REPLAY_INPUT: {
    summary: 'the input is not the one that the row is about',
    remedy: 'Find the file that it was, or take the row out of the rows.',
  },
  E_REPLAY_DIFFERS: {
    summary: 'the noise is not the one that the row is about',
    remedy: 'The row was edited, or the samples of the input have changed: take the row from the report of the run.',
  },
  E_VOLUME_FULL: {
    summary: 'the volume is full',
    remedy: 'Free some space. Run again with `resume`, instead of `overwrite` if you gave it.',
  },
  E_SAMPLES_CHANGED: {
    summary: 'the memory of the samples was detached or resized before the call was finished',
    remedy: 'Do not transfer or resize it until the promise settles.',
  },
  E_NO_MEMORY: {
    summary: 'out of memory',
    remedy: 'Process fewer files at the same time: pass a smaller `size`.',
  },
  E_INTERNAL: { summary: 'an error inside noisemill', remedy: 'Report it, with this message.' },
  E_CANCELLED: { summary: 'cancelled before it was finished', remedy: '' },

  // Errors of work on other machines.
  E_REMOTE_UNSUPPORTED: {
    summary: 'workers of a queue cannot do this',
    remedy: 'Run it on a backend of this machine, or on several machines with a part of the files each.',
  },
  E_PATH_OUTSIDE: {
    summary: 'the path is outside of the shared folder',
    remedy:
      'The folder `read` must contain all inputs, and `write` all outputs, on the producer and on the worker. Links must not lead out of them.',
  },
  E_MACHINES_DIFFER: {
    summary: 'the worker and the producer are not the same',
    remedy: 'Install the same version of noisemill and the same module of tasks on all machines.',
  },
  E_MESSAGE_INVALID: {
    summary: 'a message of the queue is not valid',
    remedy: 'Find out what else has written to the queue. Run again with `resume` to do what failed.',
  },
  E_MESSAGE_SIGNATURE: {
    summary: 'a message of the queue is not signed with the shared key',
    remedy: 'Give the producer and all workers the same key. If they have it, something else has written to the queue.',
  },
  E_MESSAGE_EXPIRED: {
    summary: 'a message of the queue is too old',
    remedy: 'Set the clocks of all machines. If they agree, something has sent an old message again.',
  },

  // Errors of one item of a task.
  E_TASK_LOAD: {
    summary: 'the task module cannot be used',
    remedy: 'The `cause` of this error is what the module threw.',
    remedies: {
      '': 'Check the exported name.',
      ERR_MODULE_NOT_FOUND:
        'Check the URL of the module, and the paths that it imports. If a bundler made the program, make the module an entry of its own.',
      MODULE_NOT_FOUND: 'Check the paths that the module passes to require.',
      E_AWAITS_ITSELF: 'Await the run in an async function of the module, or use a backend with workers.',
      ES_MODULE_IN_COMMONJS:
        'It is an ES module, in a file that Node takes for CommonJS. Run `npm pkg set type=module` in its package, or let its name end with .mjs.',
      ERR_UNKNOWN_FILE_EXTENSION: `Compile the module to JavaScript, or ${LOADER}.`,
      ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX: `Node only removes types. Leave out enums, namespaces and parameter properties, or ${LOADER}.`,
    },
  },
  E_TASK_NESTED: {
    summary:
      'the task module starts a pool on itself while it is loaded, or in a thread that is already two such pools deep, so each thread would start another pool',
    remedy:
      "Start the pool outside of its workers only: import { isPoolWorker } from 'noisemill', and if (!isPoolWorker) { ... }.",
  },
  E_TASK_FAILED: { summary: 'the function threw', remedy: 'The `cause` of this error is what the function threw.' },
  E_TRANSFORM_RESULT: {
    summary: 'what the function made of the samples cannot be used',
    remedy:
      'Change the samples in `channels` and return nothing, or return an array of Float32Arrays of one length and of finite numbers, one for each channel, or { channels, sampleRate } with them.',
  },
  E_TIMEOUT: {
    summary: 'the function did not end within the `timeout`',
    remedy: 'Pass a larger `timeout`, or make the function end sooner.',
  },
  E_NOT_CLONEABLE: {
    summary: 'a value cannot be copied to another thread',
    remedy:
      'Pass plain data, or a file name: functions, symbols and promises cannot be copied, and class instances lose their class.',
  },
  E_WORKER_DIED: { summary: 'the worker thread died while it processed this item', remedy: SEE_CAUSE },
  E_TOO_MANY_ERRORS: {
    summary: 'more items failed than `maxErrors` allows',
    remedy: 'Correct the cause of the failures, or pass a larger `maxErrors`.',
  },
  E_BACKEND_FAILED: { summary: 'the backend failed', remedy: SEE_CAUSE },
  E_WORKER_START: { summary: 'no worker thread can be started', remedy: SEE_CAUSE },
} as const satisfies Record<string, CodeEntry>

/**
 * Codes of NoisemillError. A code never changes its meaning; new versions may add codes.
 * docs/results.md has a table of all.
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

export const codeEntries: Readonly<Record<ErrorCode, CodeEntry>> = table

/**
 * List of all error codes.
 *
 * @example
 * import { errorCodes } from 'noisemill'
 *
 * console.log(errorCodes.filter((code) => code.startsWith('E_LEVEL'))) // -> [ 'E_LEVEL_MISSING', 'E_LEVEL_BOTH' ]
 */
export const errorCodes: readonly ErrorCode[] = Object.keys(table) as ErrorCode[]

/** Remedies for faults of the system, by the system's name. They apply to every error code. */
export const systemRemedies: Readonly<Record<string, string>> = {
  // The error code of Node's permission model.
  ERR_ACCESS_DENIED:
    'Run Node with --allow-fs-read for inputs, --allow-fs-write for the output folder and everything in it, and --allow-worker for worker threads.',
  ELOOP: 'Its path has too many symbolic links, or they lead in a circle: correct or remove them.',
  EMFILE: 'Raise the limit of open files (ulimit -n), or pass a smaller `size`.',
  ENFILE: 'The whole system has too many open files: close other programs.',
  EROFS: 'Its file system is mounted read-only: choose a folder on another one.',
  ENAMETOOLONG:
    'Most systems allow 255 bytes in a name, including the number that `copies` adds, and 4095 bytes in a path. Shorten some names, or give paths relative to a folder closer to the files.',
}

/** The remedy for a missing path in which Node has replaced bytes that are not UTF-8. */
export const MANGLED_REMEDY =
  'The path contains U+FFFD, with which Node replaces bytes that are not UTF-8, so this file cannot be given as an argument. Give the folder that contains it.'

/**
 * Failures after which the output may exist nevertheless. E_VOLUME_FULL is one of them, because the volume may be full
 * when only the folder is left to sync.
 */
export const MAY_BE_WRITTEN: readonly string[] = [
  'E_NO_MEMORY',
  'E_INTERNAL',
  'E_OUTPUT_PUBLISH',
  'E_VOLUME_FULL',
  'E_WORKER_DIED',
  'E_TIMEOUT',
  'E_BACKEND_FAILED',
  'E_POOL_TERMINATED',
  'E_QUEUE',
  'E_MESSAGE_INVALID',
  'E_MESSAGE_SIGNATURE',
  'E_MESSAGE_EXPIRED',
  // A worker of another version may have come after one that died.
  'E_MACHINES_DIFFER',
]
