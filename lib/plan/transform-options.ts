/** The options of transforms that are not about the function. */

import { checkInteger, given } from '../checks.js'
import { invalidOption } from '../errors.js'
import type { Seed } from './keys.js'
import { checkFileOptions, checkSeed, FILE_OPTIONS, type FileSettings, type NoiseOptions } from './options.js'

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
}

/** Names of these options. */
export const AUDIO_OPTIONS: readonly string[] = [...FILE_OPTIONS, 'blocks', 'seed']

/** Checked options with their defaults. */
export interface TransformSettings {
  readonly files: FileSettings
  readonly blockFrames: number | undefined
  readonly seed: Seed
}

const BLOCK_FRAMES = 65_536
const MAX_BLOCK_FRAMES = 2 ** 24

function checkBlocks(blocks: unknown): number | undefined {
  if (typeof blocks === 'boolean') return blocks ? BLOCK_FRAMES : undefined
  if (typeof blocks === 'number') return checkInteger('blocks', blocks, 1, MAX_BLOCK_FRAMES)
  throw invalidOption('blocks', 'true, false or a number of frames', blocks)
}

/** Throws NoisemillError with the invalid option. */
export function checkAudioOptions(options: AudioOptions): TransformSettings {
  return {
    files: checkFileOptions(options, []),
    blockFrames: checkBlocks(given(options.blocks, false)),
    seed: checkSeed(given(options.seed, 0)),
  }
}

/** Returns the settings that decide the bytes of outputs, by option name, for the journal. */
export const transformRecord = ({ files, blockFrames, seed }: TransformSettings): Record<string, unknown> => ({
  seed: String(seed),
  copies: files.variants.copies,
  ...(blockFrames !== undefined && { blocks: blockFrames }),
})
