/** Shards: shares of the files of a run that are chosen by the paths alone, so that no shard needs to know another. */

import { hash } from 'node:crypto'
import type { ErrorCode } from '../error-codes.js'
import { invalidOption } from '../errors.js'
import type { FilePath } from './paths.js'
import type { WalkedFile } from './walk.js'

/** One of `count` shards. */
export interface Shard {
  /** From 1 to `count`. */
  readonly number: number
  readonly count: number
}

const MAX_SHARDS = 1_000_000
const FORM = /^([1-9]\d{0,6})\/([1-9]\d{0,6})$/

/** Reads a shard, such as '3/8'. Undefined if the text is something else. */
export function parseShard(text: string): Shard | undefined {
  const [number, count] = FORM.exec(text)?.slice(1).map(Number) ?? []
  return number <= count && count <= MAX_SHARDS ? { number, count } : undefined
}

/** Checks the option `shard`. */
export function checkShard(value: unknown): Shard | undefined {
  if (value === undefined) return undefined
  const shard = typeof value === 'string' ? parseShard(value) : undefined
  if (shard !== undefined) return shard
  throw invalidOption('shard', `K/N with K from 1 to N and N up to ${MAX_SHARDS}, such as 3/8`, value)
}

/**
 * Returns the number of the shard of a file: the first four bytes, big-endian, of the SHA-256 of its relative path, modulo
 * the number of shards, plus 1. The bytes of the path are hashed as they are, with '/' between names.
 */
export function shardOf(relative: FilePath, count: number): number {
  // Each character is one byte.
  const digest = hash('sha256', relative, 'binary')
  const word = [0, 1, 2, 3].reduce((bits, i) => 256 * bits + digest.charCodeAt(i), 0)
  return (word % count) + 1
}

/** Failures that stand for files whose paths are not known: every shard reports them. */
const OF_MANY: readonly ErrorCode[] = ['E_INPUT_UNREADABLE', 'E_INPUT_READ', 'E_NO_INPUT']

/** Makes a check whether a file that was found belongs to a shard. */
export function inShard(shard: Shard | undefined): (file: WalkedFile) => boolean {
  if (shard === undefined) return () => true
  const { number, count } = shard
  return ({ relative, failure }) =>
    (failure !== undefined && OF_MANY.includes(failure.code)) || shardOf(relative, count) === number
}
