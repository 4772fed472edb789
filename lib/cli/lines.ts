/** Formats results, warnings and errors as lines of text. */

import type { NoisemillError } from '../errors.js'
import type { FileResult } from '../plan/results.js'
import { plural, showDecibels } from '../show.js'
import { type FileWarning, warnings } from '../warnings.js'
import { messageInFlags } from './flag-words.js'
import type { Flags } from './flags.js'

export function resultLine(result: FileResult): string {
  const { status, output, frames, sampleRate, format, drawn, sigma, snr, clipped } = result
  if (status === 'skipped' || status === 'omitted') return `${status}  ${output}`
  const seconds = `${(frames! / sampleRate!).toFixed(2)} s`
  const noise = `sigma ${sigma!.toPrecision(4)}`
  const planned = drawn.snr === undefined ? '' : `  ${showDecibels(drawn.snr)} drawn`
  const measured = `  ${showDecibels(snr)}  clipped ${clipped}`
  return `${status}  ${output}  ${seconds}  ${format}  ${noise}${status === 'planned' ? planned : measured}`
}

/** A message about a file, in parts, because copies of the file share a line if only `clipped` differs. */
export interface Message {
  readonly text: string
  readonly code: string
  /** Likely causes of a warning. Undefined for an error, whose text is complete sentences. */
  readonly causes?: readonly string[]
  /** Lowest and highest number of clipped samples among the copies. */
  readonly clipped: readonly [least: number, most: number]
}

/** @param known tables of the flags of the command */
export const errorMessage = (error: NoisemillError, known?: readonly Flags[]): Message => ({
  text: messageInFlags(error, known),
  code: error.code,
  clipped: [0, 0],
})

export const warningMessage = (result: FileResult, warning: FileWarning): Message => ({
  text: `warning: ${result.input}: ${warnings[warning]}`,
  code: warning,
  causes: warning === 'W_SNR_OFF' ? snrOffCauses(result) : [],
  clipped: [result.clipped ?? 0, result.clipped ?? 0],
})

/** Formats a message as a line. Names of copies, if any, stand beside the code. */
export function messageLine({ text, code, causes, clipped }: Message, copies = ''): string {
  const line = `${text} (${code}${copies === '' ? '' : `; ${copies}`})`
  if (causes === undefined) return line
  const [least, most] = clipped
  const samples = least === most ? plural(most, 'sample') : `${least} to ${most} samples`
  const likely = causes.map((cause) => (cause === CLIPPING ? `${CLIPPING} (${samples})` : cause))
  return `${line}.${likely.length === 0 ? '' : ` Likely cause: ${likely.join(' or ')}.`}`
}

/** @param known tables of the flags of the command */
export const errorLine = (error: NoisemillError, known?: readonly Flags[]): string =>
  messageLine(errorMessage(error, known))

/** The cause that the number of clipped samples belongs to. */
const CLIPPING = 'clipping'

/**
 * Standard deviation of the SNR achieved, in decibels, by white noise over one sample. Over n samples it is divided by the
 * square root of n.
 */
const CHANCE_DECIBELS = (10 / Math.LN10) * Math.SQRT2
/** Deviations of more standard deviations than this are not attributed to chance if there is another cause. */
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
    ...(clipped! > 0 ? [CLIPPING] : []),
    ...(sigma! < ROUNDED_STEPS * stepOf(format!) ? [`rounding to ${format}`] : []),
  ]
  const chance = `chance (there ${samples === 1 ? 'is' : 'are'} ${plural(samples, 'sample')})`
  return isByChance || causes.length === 0 ? [...causes, chance] : causes
}
