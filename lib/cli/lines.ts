/** Results in words. */

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
  const cause = warning === 'W_SNR_OFF' ? ` Here it is ${snrOffCauses(result).join(' or ')}.` : ''
  return `warning: ${result.input}: ${warnings[warning]} (${warning}).${cause}`
}

/** Decibels by which the SNR of white noise over one sample varies, as a standard deviation; over n samples it is the root of n times less. */
const CHANCE_DECIBELS = (10 / Math.LN10) * Math.SQRT2
/** Chance does not go beyond so many standard deviations. */
const CHANCE_LIMIT = 4
/** From a sigma of so many steps of the format on, rounding changes the power of noise by less than 0.1 dB. */
const ROUNDED_STEPS = 2

/** The distance between neighbouring values near full scale. */
function stepOf(format: NonNullable<FileResult['format']>): number {
  if (format === 'float32') return 2 ** -24
  return format === 'float64' ? 2 ** -53 : 2 ** (1 - Number(format.slice('pcm'.length)))
}

/** What may have moved the SNR: all that the figures do not exclude. */
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
