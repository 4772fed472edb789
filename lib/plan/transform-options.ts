/** The options of transforms that are not about the function. */

import type { Moment } from '../audio/job.js'
import { checkInteger, checkKeys, checkObject, given } from '../checks.js'
import { invalidOption } from '../errors.js'
import type { Seed } from './keys.js'
import { inPlace } from './layers.js'
import {
  type Banks,
  checkFileOptions,
  checkNoiseSpec,
  checkSeed,
  FILE_OPTIONS,
  type FileSettings,
  type NoiseOptions,
  type NoiseSettings,
  type NoiseSpec,
  recordOf,
  SPEC_OPTIONS,
} from './options.js'

/** Options of a transform that are about files, samples and random numbers. */
export interface AudioOptions
  extends Pick<NoiseOptions, 'root' | 'copies' | 'overwrite' | 'fsync' | 'dryRun' | 'strict'> {
  /**
   * Folder for the outputs, a path or a file: URL. It is created if it does not exist. Without it, the
   * samples of items that have no `output` are handed on in their results instead of written.
   */
  readonly out?: string | URL
  /**
   * Calls the function with one block of frames after the other, so that memory does not grow with the
   * length of files: true for blocks of 65,536 frames, or their number of frames, 1 to 16,777,216. The
   * last block of a file may be shorter. False by default: the function gets the whole file.
   */
  readonly blocks?: boolean | number
  /** Seed of the random numbers: an integer or a string without NUL; 0 by default. */
  readonly seed?: Seed
  /** Noise that is added to files besides. Its seed is that of the task, unless it has its own. */
  readonly noise?: {
    /** Noise for the samples that the function gets: that of `noiseTask`, with the same bytes. */
    readonly before?: NoiseSpec
    /** Noise for the samples that the function returned. */
    readonly after?: NoiseSpec
  }
}

/** Names of these options. */
export const AUDIO_OPTIONS: readonly string[] = [...FILE_OPTIONS, 'blocks', 'seed', 'noise']

/** Checked options with their defaults. */
export interface TransformSettings {
  readonly files: FileSettings
  readonly blockFrames: number | undefined
  readonly seed: Seed
  readonly noise: OfMoments<NoiseSettings>
}

/** What belongs to the noise before and after the function, for each that there is. */
export type OfMoments<Value> = Readonly<Partial<Record<Moment, Value>>>

/** When noise is added, in this order. */
export const moments: readonly Moment[] = ['before', 'after']

const BLOCK_FRAMES = 65_536
const MAX_BLOCK_FRAMES = 2 ** 24

function checkBlocks(blocks: unknown): number | undefined {
  if (typeof blocks === 'boolean') return blocks ? BLOCK_FRAMES : undefined
  if (typeof blocks === 'number') return checkInteger('blocks', blocks, 1, MAX_BLOCK_FRAMES)
  throw invalidOption('blocks', 'true, false or a number of frames', blocks)
}

function checkNoise(noise: unknown, files: FileSettings, seed: Seed): OfMoments<NoiseSettings> {
  checkObject('noise', noise)
  checkKeys(noise, moments)
  const given = moments.filter((moment) => noise[moment] !== undefined)
  const checked = (moment: Moment) => {
    const place = `noise.${moment}`
    const spec = noise[moment]
    checkObject(place, spec)
    return { ...files, noise: inPlace(place, () => checkSpec(spec, seed)) }
  }
  return Object.fromEntries(given.map((moment) => [moment, checked(moment)]))
}

function checkSpec(spec: Readonly<Record<string, unknown>>, seed: Seed): NoiseSettings['noise'] {
  const noise = checkNoiseSpec({ ...spec, seed: given(spec.seed, seed) }, SPEC_OPTIONS)
  if (noise.each.length > 0) throw invalidOption('snrMode', "'draw' for the noise of a transform", 'each')
  const { silent } = noise.mixing
  if (silent === 'skip') throw invalidOption('silent', "'copy' or 'error' for the noise of a transform", silent)
  return noise
}

/** Throws NoisemillError with the invalid option. */
export function checkAudioOptions(options: AudioOptions): TransformSettings {
  const files = checkFileOptions(options, [])
  const seed = checkSeed(given(options.seed, 0))
  return {
    files,
    blockFrames: checkBlocks(given(options.blocks, false)),
    seed,
    noise: checkNoise(given(options.noise, {}), files, seed),
  }
}

/**
 * Returns the settings that decide the bytes of outputs, by option name, for the journal.
 *
 * @param banks those of the noise; see NoiseBanks
 */
export function transformRecord(
  { files, blockFrames, seed, noise }: TransformSettings,
  banks: OfMoments<{ readonly all: Banks }>,
): Record<string, unknown> {
  return {
    seed: String(seed),
    copies: files.variants.copies,
    ...(blockFrames !== undefined && { blocks: blockFrames }),
    ...Object.fromEntries(
      Object.entries(noise).map(([moment, own]) => [moment, recordOf(own, banks[moment as Moment]!.all)]),
    ),
  }
}
