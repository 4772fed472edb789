/** `npm test` runs the tests of this folder for about a minute, `npm run test:faults` in full. */

export const FULL = process.env.NOISEMILL_FAULTS === 'full'
