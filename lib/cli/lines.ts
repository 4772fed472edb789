/** Results in words. */

import type { NoisemillError } from '../errors.js'
import type { FileResult, FileWarning } from '../plan/results.js'
import { showDecibels } from './numbers.js'

const WARNINGS: Readonly<Record<FileWarning, string>> = {
  W_SIZE_UNKNOWN:
    'the header does not say how long the data are: taken to the end of the file; the output has true sizes',
  W_DATA_CUT_SHORT: 'the header claims more data than the file has; the output has true sizes',
  W_PARTIAL_FRAME: 'the data end in the middle of a frame',
  W_BYTE_RATE: 'the byte rate contradicts the format; left as it is',
  W_BLOCK_ALIGN:
    'the block align contradicts the format; samples were read one after the other, and it is left as it is',
  W_NON_FINITE: 'samples that are NaN or infinite were passed through and left out of the SNR',
  W_SILENT: 'silent, so it has no SNR: copied without noise',
  W_SNR_OFF: 'clipping or rounding moved the SNR more than 0.5 dB from the one asked for',
  W_NO_HARD_LINKS: 'the file system has no hard links, so the output was named without their guard against a race',
}

export function resultLine(result: FileResult): string {
  const { status, output, frames, sampleRate, format, sigma, snr, clipped } = result
  if (status === 'skipped') return `${status}  ${output}`
  const seconds = `${(frames! / sampleRate!).toFixed(2)} s`
  const measured = status === 'planned' ? '' : `  ${showDecibels(snr)}  clipped ${clipped}`
  return `${status}  ${output}  ${seconds}  ${format}  sigma ${sigma!.toPrecision(4)}${measured}`
}

export const warningLine = (result: FileResult, warning: FileWarning): string =>
  `warning: ${result.input}: ${WARNINGS[warning]} (${warning}).`

export const errorLine = (error: NoisemillError): string => `${error.message} (${error.code})`

export const failureLine = ({ error }: FileResult): string => errorLine(error!)
