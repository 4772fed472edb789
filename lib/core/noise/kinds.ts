/**
 * Registry of the kinds of noise. To add a colour, add a line here. To add a generated kind, add a
 * file beside this one and a line here.
 */

import { Failure } from '../failure.js'
import { color, OCTAVE } from './color.js'
import { dither } from './dither.js'
import { gaussian } from './gaussian.js'
import type { GeneratedKind, NoiseKind } from './kind.js'
import { sway } from './sway.js'
import { uniform } from './uniform.js'

/** Kinds that users may choose. The first is the default. */
export const noiseKinds: readonly NoiseKind[] = [
  gaussian,
  uniform,
  color('pink', 'Gaussian noise with equal power in every octave', -OCTAVE),
  color('brown', 'Gaussian noise whose density falls by 6 dB per octave', -2 * OCTAVE),
  color('blue', 'Gaussian noise whose density rises by 3 dB per octave', OCTAVE),
  color('violet', 'Gaussian noise whose density rises by 6 dB per octave', 2 * OCTAVE),
  color('color', 'Gaussian noise whose density has any slope'),
]

/** Kinds for the project's own tests; see sway.ts. */
const testKinds: readonly NoiseKind[] = [sway]

/** All kinds, those for tests included, and dither. */
export const allKinds: readonly NoiseKind[] = [...noiseKinds, dither, ...testKinds]

export const isGenerated = (kind: NoiseKind): kind is GeneratedKind => 'fill' in kind

/** Returns the kind with this name. Throws Failure E_OPTION_INVALID if there is none. */
export function findKind(name: string): NoiseKind {
  const kind = allKinds.find((known) => known.name === name)
  if (kind === undefined) throw new Failure('E_OPTION_INVALID', `noise kind ${name}`)
  return kind
}
