/** Results in words. */

import type { NoisemillError } from '../errors.js'
import type { FileResult } from '../plan/results.js'
import { showDecibels } from '../show.js'
import { type FileWarning, warnings } from '../warnings.js'
import { messageInFlags } from './flags.js'

export function resultLine(result: FileResult): string {
  const { status, output, frames, sampleRate, format, drawn, sigma, snr, clipped } = result
  if (status === 'skipped') return `${status}  ${output}`
  const seconds = `${(frames! / sampleRate!).toFixed(2)} s`
  const noise = `sigma ${sigma!.toPrecision(4)}`
  const planned = drawn.snr === undefined ? '' : `  ${showDecibels(drawn.snr)} drawn`
  const measured = `  ${showDecibels(snr)}  clipped ${clipped}`
  return `${status}  ${output}  ${seconds}  ${format}  ${noise}${status === 'planned' ? planned : measured}`
}

export const warningLine = (result: FileResult, warning: FileWarning): string =>
  `warning: ${result.input}: ${warnings[warning]} (${warning}).`

export const errorLine = (error: NoisemillError): string => `${messageInFlags(error)} (${error.code})`

export const failureLine = ({ error }: FileResult): string => errorLine(error!)
