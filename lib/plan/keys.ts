/** Computes the key of an output: the 64 bits from which all its noise follows. */

import type { hash } from 'node:crypto'
import { type NoiseKey, STREAM_VERSION } from '../core/noise/keys.js'
import type { FilePath } from '../files/paths.js'

/**
 * A seed: an integer, or a string without NUL. A number and a string with the same text are the same seed.
 *
 * @example
 * import { addNoise, type Seed } from 'noisemill'
 *
 * const seeds: Seed[] = [7, 7n, '7', 'seven']
 * const noise = seeds.map((seed) => addNoise(new Int16Array(2), { sigma: 0.1, seed }))
 * for (const samples of await Promise.all(noise)) console.log(samples.join(' '))
 * // -> -1445 4760
 * // -> -1445 4760
 * // -> -1445 4760
 * // -> 1769 1040
 */
export type Seed = number | bigint | string

/** `node:crypto` is loaded with the first key, because that takes time and a pool of functions has none. */
let hashes: typeof hash | undefined

/**
 * Computes the key of an output: the first 8 bytes, little-endian, of
 * SHA-256("noisemill" NUL version NUL seed NUL path NUL copy), and for a layer also NUL and its name.
 *
 * @param path the path relative to the root, or the caller's key; its bytes are hashed unchanged
 * @param copy number of the copy, from 1
 * @param use what else than noise the key is for; it is then hashed too, after another NUL
 */
export function fileKey(seed: Seed, path: FilePath, copy: number, use?: string): NoiseKey {
  const before = `noisemill\0${STREAM_VERSION}\0${seed}\0`
  const after = use === undefined ? `\0${copy}` : `\0${copy}\0${use}`
  const text =
    typeof path === 'string' ? before + path + after : Buffer.concat([Buffer.from(before), path, Buffer.from(after)])
  // Each character is one byte. A Buffer would take three times as long.
  hashes ??= process.getBuiltinModule('node:crypto').hash
  const digest = hashes('sha256', text, 'binary')
  return { low: wordAt(digest, 0), high: wordAt(digest, 4) }
}

/** Reads 32 bits, little-endian, from text in which each character is one byte. */
function wordAt(bytes: string, at: number): number {
  const byte = (i: number) => bytes.charCodeAt(at + i)
  return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0
}
