/** How far a figure of n normal draws may be from what is asked for. Seeds are fixed, so one that passes always does. */

/** The deviation that is measured has a standard error of 1/sqrt(2n) of itself. Five of them. */
export const deviationError = (n: number): number => 5 / Math.sqrt(2 * n)

/** What that comes to in an SNR, in decibels. */
export const snrError = (n: number): number => 20 * Math.log10(1 + deviationError(n))
