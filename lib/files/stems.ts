/** Where the outputs of a run with stems lie, below its output folder. */

import { type ByStem, type StemName, stemNames } from '../core/stems.js'
import { type FilePath, joinSlashed } from './paths.js'

/** Folder of the mixtures. The folders of the stems have their names. */
const MIXTURES = 'noisy'

/** Returns the folders that outputs lie in, that of the mixtures first. Without stems, it is '': the output folder. */
export const outputFolders = (stems: readonly StemName[]): readonly string[] =>
  stems.length === 0 ? [''] : [MIXTURES, ...stems]

/** Makes something for each stem. Undefined if there is none. */
export function byStem<Value>(stems: readonly StemName[], make: (stem: StemName) => Value): ByStem<Value> | undefined {
  if (stems.length === 0) return undefined
  return Object.fromEntries(stems.map((stem) => [stem, make(stem)])) as ByStem<Value>
}

/** Makes a value of each stem that is present. */
export function mapStems<From, To>(stems: ByStem<From>, map: (from: From, stem: StemName) => To): ByStem<To> {
  const present = stemNames.filter((stem) => stems[stem] !== undefined)
  return Object.fromEntries(present.map((stem) => [stem, map(stems[stem]!, stem)]))
}

/**
 * Returns the paths of all files of an output, as a journal has them.
 *
 * @param mixture that of the mixture
 * @param stems what the journal has as the stems of the run
 */
export function recordedFiles(mixture: FilePath, stems: unknown): readonly FilePath[] {
  const names = Array.isArray(stems) ? stemNames.filter((name) => stems.includes(name)) : []
  const below = mixture.slice(MIXTURES.length + 1)
  return [mixture, ...names.map((name) => joinSlashed(name, below))]
}
