/** The tables of warnings: of files that were done all the same, and of the process. */

import { showText } from './show.js'

/** What each says, in a sentence without its full stop. */
const table = {
  // The header: docs/formats.md says what the output then has.
  W_SIZE_UNKNOWN:
    'the header does not say how long the data are, so they were taken to the end of the file; the output has true sizes',
  W_DATA_CUT_SHORT: 'the header claims more data than the file has; the output has true sizes',
  W_TRAILING_BYTES:
    'bytes that are no chunk and no tag follow the last chunk: if they are samples, the header does not count them and they got no noise',
  W_PARTIAL_FRAME: 'the data end in the middle of a frame',
  W_BYTE_RATE: 'the byte rate contradicts the format; it was left as it is, unless samples were decoded',
  W_BLOCK_ALIGN:
    'the block align contradicts the format; samples were read one after the other, and it was left as it is, unless they were decoded',
  // The samples.
  W_NON_FINITE: 'samples that are NaN or infinite were passed through and left out of all sums',
  W_SILENT: 'the file is silent and so has no SNR; it was copied without noise',
  W_EMPTY: 'the file has no samples',
  W_CLIPPED: 'clipping changed more than 1 % of the samples',
  W_SNR_OFF:
    'the SNR is more than 0.5 dB from the one drawn, because of clipping, rounding, or chance where samples are few',
  // The file system.
  W_NO_HARD_LINKS:
    'the file system has no hard links, so the output was given its name without their guard against a race',
} as const

/**
 * What is odd about a file that was done all the same. Of its header: W_SIZE_UNKNOWN, W_DATA_CUT_SHORT, W_PARTIAL_FRAME, W_TRAILING_BYTES, W_BYTE_RATE and
 * W_BLOCK_ALIGN, for which see docs/formats.md. Of its samples: W_NON_FINITE, W_SILENT, W_EMPTY, W_CLIPPED where clipping changed more than
 * 1 % of them, and W_SNR_OFF where the achieved SNR is more than 0.5 dB from the one drawn. Of its file system: W_NO_HARD_LINKS.
 * docs/results.md has a table of all.
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

/** Each warning in words. */
export const warnings: Readonly<Record<FileWarning, string>> = table

/** Warnings of the process, in the way of Node's own: each has a type and a code, by which it can be heard or silenced. */
const processTable = {
  W_CLASS_LOST:
    'Structured clone, by which values cross threads, keeps no classes: pass plain data, or set `strict` to have an error for each such value. ' +
    'This run tells no more of them',
} as const

/** @param what what it is about, and what is wrong with it */
export function warnProcess(code: keyof typeof processTable, what: string): void {
  process.emitWarning(`${showText(what)}. ${processTable[code]}.`, { type: 'NoisemillWarning', code })
}
