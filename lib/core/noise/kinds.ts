/**
 * Registry of the generated kinds of noise. To add a kind, add a file beside this one and an entry
 * here.
 */

import { Failure } from '../failure.js'
import { dither } from './dither.js'
import { gaussian } from './gaussian.js'
import type { NoiseKind } from './kind.js'
import { sway } from './sway.js'

/** Kinds that users may choose. The first is the default. */
export const noiseKinds: readonly NoiseKind[] = [gaussian]

/** Kinds for the project's own tests; see sway.ts. */
const testKinds: readonly NoiseKind[] = [sway]

/** All kinds, those for tests included, and dither. */
export const allKinds: readonly NoiseKind[] = [...noiseKinds, dither, ...testKinds]

/** Returns the kind with this name. Throws Failure E_OPTION_INVALID if there is none. */
export function findKind(name: string): NoiseKind {
  const kind = allKinds.find((known) => known.name === name)
  if (kind === undefined) throw new Failure('E_OPTION_INVALID', `noise kind ${name}`)
  return kind
}
