/** Limits for figures of n normal draws. Seeds are fixed, so a test that passes once always passes. */

/** Relative limit for a measured standard deviation: five standard errors, each 1/sqrt(2n). */
export const deviationError = (n: number): number => 5 / Math.sqrt(2 * n)

/** The same limit for an SNR, in decibels. */
export const snrError = (n: number): number => 20 * Math.log10(1 + deviationError(n))
