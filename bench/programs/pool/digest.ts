/** Digests of results, equal in JavaScript and in Python. */

import { createHash } from 'node:crypto'

/** SHA-256 of numbers as float64, little endian. */
export const digestOf = (results: readonly number[]): string =>
  createHash('sha256').update(Float64Array.from(results)).digest('hex')
