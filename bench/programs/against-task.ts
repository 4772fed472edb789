/** The function that the pool of `against.ts` calls for each item. */

export const increment = (number: number): number => number + 1
