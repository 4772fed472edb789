/** Kinds of noise that options may name. */

import type { NoiseKind } from '../core/noise/kind.js'
import { allKinds, noiseKinds } from '../core/noise/kinds.js'

/** What a kind of noise says of itself. */
export type KindDeclaration = Pick<NoiseKind, 'name' | 'summary' | 'parameters'>

/** The first is the default. The project's own tests see more kinds, by the variable NOISEMILL_TEST_KINDS. */
export const offeredKinds = (): readonly NoiseKind[] =>
  process.env.NOISEMILL_TEST_KINDS === '1' ? allKinds : noiseKinds
