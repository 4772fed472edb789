/**
 * The tables of warnings: those of files, which are processed nevertheless, and those of the
 * process.
 */

import { showText } from './show.js'

/** The text of each warning, as a sentence without its full stop. */
const table = {
  // Warnings of the header. docs/formats.md says what the output then contains.
  W_SIZE_UNKNOWN:
    'the header does not give the size of the data, so the data were read to the end of the file; the output has correct sizes',
  W_DATA_CUT_SHORT: 'the header gives more data than the file has; the output has correct sizes',
  W_TRAILING_BYTES:
    'unknown bytes follow the last chunk; if they are samples that the header does not count, they got no noise',
  W_PARTIAL_FRAME: 'the data end in the middle of a frame',
  W_BYTE_RATE:
    'the byte rate in the header contradicts the format; the output keeps it, unless coded samples were decoded',
  W_BLOCK_ALIGN:
    'the block align in the header contradicts the format and was ignored; the output keeps it, unless coded samples were decoded',
  // Warnings of the samples.
  W_NON_FINITE: 'some samples are NaN or infinite; they were copied without noise and left out of all sums',
  W_SILENT: 'the file is silent, so it has no SNR, and noise whose level is an SNR was not added',
  W_NO_ACTIVITY:
    'the active speech level of a channel cannot be measured, because it is too short or only a click; its mean power is used instead',
  W_NOISE_RATE: 'some noise files have another sample rate than the file, and were not drawn for it',
  W_NO_EVENTS: 'the file ends before the first event of noise begins; with shorter gaps, it would have one',
  W_EMPTY: 'the file has no samples',
  W_CLIPPED: 'clipping changed more than 1 % of the samples',
  W_SNR_OFF:
    'the measured SNR differs from the drawn SNR by more than 0.5 dB, because of clipping, rounding, or chance in a short file',
  // Warnings of transforms.
  W_ROUNDED: 'samples of 32-bit PCM or 64-bit floats were rounded to 32-bit floats for the function',
  W_METADATA_DROPPED: 'chunks that describe the samples no longer fitted and were left out; `dropped` names them',
  // Warnings of the file system.
  W_NO_HARD_LINKS:
    'the file system has no hard links, so the output may have replaced a file that another program created at the same moment',
} as const

/**
 * Code of a warning. A file with warnings was processed nevertheless. docs/results.md has a table
 * with the meaning of each code.
 *
 * - About the header, see docs/formats.md: W_SIZE_UNKNOWN, W_DATA_CUT_SHORT, W_PARTIAL_FRAME,
 * W_TRAILING_BYTES, W_BYTE_RATE and W_BLOCK_ALIGN.
 * - About the samples: W_NON_FINITE, W_SILENT, W_NO_ACTIVITY, W_NOISE_RATE, W_NO_EVENTS, W_EMPTY, W_CLIPPED if clipping changed more than 1 %
 * of them, and W_SNR_OFF if the measured SNR differs from the drawn one by more than 0.5 dB.
 * - About what functions of `transformTask` change: W_ROUNDED and W_METADATA_DROPPED.
 * - About the file system: W_NO_HARD_LINKS.
 *
 * @useDeclaredType
 * @example
 * import { addNoiseToFiles, type FileWarning } from 'noisemill'
 *
 * // So much noise is clipped, which takes some of it away.
 * const expected: FileWarning = 'W_SNR_OFF'
 * const loud = addNoiseToFiles('speech/a.wav', { out: 'noisy', snr: -20 })
 * for await (const { warnings } of loud) console.log(warnings.includes(expected)) // -> true
 */
export type FileWarning = keyof typeof table

/** The text of each warning. */
export const warnings: Readonly<Record<FileWarning, string>> = table

/**
 * Process warnings, as Node emits them. Each has a type and a code, by which a program can listen
 * for it or silence it.
 */
export const processWarnings = {
  W_CLASS_LOST:
    'Structured clone, which copies values between threads, does not keep classes. Pass plain data, or set `strict` to get an error for each such value. ' +
    'This run does not warn again',
  W_TEARDOWN_FAILED: 'What the function should have closed or written may be left as it was',
  W_BUNDLED:
    'The pool runs everything on the thread of the program, one item after the other. Exclude noisemill from the bundle',
  W_KERNEL_FALLBACK: 'These threads add the same noise more slowly',
  W_QUEUE: 'The run waits, and goes on by itself',
} as const

/**
 * Emits a process warning.
 *
 * @param what the subject of the warning and what is wrong with it
 */
export function warnProcess(code: keyof typeof processWarnings, what: string): void {
  process.emitWarning(`${showText(what)}. ${processWarnings[code]}.`, { type: 'NoisemillWarning', code })
}
