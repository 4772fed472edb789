/** Formats results, warnings and errors as lines of text. */

import type { NoisemillError } from '../errors.js'
import type { FileResult } from '../plan/results.js'
import { plural, showDecibels } from '../show.js'
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

export function warningLine(result: FileResult, warning: FileWarning): string {
  const cause = warning === 'W_SNR_OFF' ? ` Likely cause: ${snrOffCauses(result).join(' or ')}.` : ''
  return `warning: ${result.input}: ${warnings[warning]} (${warning}).${cause}`
}

/**
 * Standard deviation of the SNR achieved, in decibels, by white noise over one sample. Over n samples it is divided by the
 * square root of n.
 */
const CHANCE_DECIBELS = (10 / Math.LN10) * Math.SQRT2
/** Deviations of more standard deviations than this are not attributed to chance. */
const CHANCE_LIMIT = 4
/** If sigma is at least this many steps of the format, rounding changes the power of the noise by less than 0.1 dB. */
const ROUNDED_STEPS = 2

/** Returns the step of a format: the distance between neighbouring values near full scale. */
function stepOf(format: NonNullable<FileResult['format']>): number {
  if (format === 'float32') return 2 ** -24
  return format === 'float64' ? 2 ** -53 : 2 ** (1 - Number(format.slice('pcm'.length)))
}

/** Lists the possible causes of an SNR that is off: all that the figures do not exclude. */
function snrOffCauses({ clipped, format, frames, channels, sigma, snr, drawn }: FileResult): string[] {
  const samples = frames! * channels!
  const isByChance = snr !== null && Math.abs(snr - drawn.snr!) <= (CHANCE_LIMIT * CHANCE_DECIBELS) / Math.sqrt(samples)
  const causes = [
    ...(clipped! > 0 ? [`clipping (${plural(clipped!, 'sample')})`] : []),
    ...(sigma! < ROUNDED_STEPS * stepOf(format!) ? [`rounding to ${format}`] : []),
    ...(isByChance ? [`chance (there ${samples === 1 ? 'is' : 'are'} ${plural(samples, 'sample')})`] : []),
  ]
  return causes.length > 0 ? causes : ['chance']
}

export const errorLine = (error: NoisemillError): string => `${messageInFlags(error)} (${error.code})`
