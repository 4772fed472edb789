/**
 * Tests have a short form, for `npm test`, and a long one, which does more of the same: more values, cases, faults, times. .ci/run, and who
 * sets NOISEMILL_TESTS=long, runs the long one. CONTRIBUTING.md says what it adds.
 */

export const isLong = process.env.NOISEMILL_TESTS === 'long'
