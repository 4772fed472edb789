/** Lists the kinds of noise that the option `kind` accepts. */

import type { NoiseKind } from '../core/noise/kind.js'
import { allKinds, noiseKinds } from '../core/noise/kinds.js'

/** A kind of noise as help and option checks need it: its name, summary and parameters. */
export type KindDeclaration = Pick<NoiseKind, 'name' | 'summary' | 'parameters'>

/**
 * Returns the kinds that users may choose, the default first. NOISEMILL_TEST_KINDS=1 adds the kinds that only tests
 * use.
 */
export const offeredKinds = (): readonly NoiseKind[] =>
  process.env.NOISEMILL_TEST_KINDS === '1' ? allKinds : noiseKinds
