/** `npm test` runs the tests of this folder on four million values, `npm run test:stats` on all that docs/numerics.md tells of. */

export const FULL = process.env.NOISEMILL_STATS === 'full'

/** Values that a figure is made of. */
export const N = FULL ? 1e8 : 2 ** 22
