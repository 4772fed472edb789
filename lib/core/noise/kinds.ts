/** The registry of generated kinds of noise. A new kind is a file beside this one and an entry here. */

import { Failure } from '../failure.js'
import { gaussian } from './gaussian.js'
import type { NoiseKind } from './kind.js'
import { sway } from './sway.js'

/** Kinds that users may ask for; the first is the default. */
export const noiseKinds: readonly NoiseKind[] = [gaussian]

/** Kinds for the project's own tests, see sway.ts. */
const testKinds: readonly NoiseKind[] = [sway]

/** All of them. */
export const allKinds: readonly NoiseKind[] = [...noiseKinds, ...testKinds]

/** The kind of this name. Throws Failure E_OPTION_INVALID where there is none. */
export function findKind(name: string): NoiseKind {
  const kind = allKinds.find((known) => known.name === name)
  if (kind === undefined) throw new Failure('E_OPTION_INVALID', `noise kind ${name}`)
  return kind
}
