/**
 * The functions that workers of every library call, and plain loops too. Those whose results Python
 * is compared with have a twin in pool.py that returns the same numbers.
 */

import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { peak } from '../../../dist-lib/demo/pitfall-tasks.js'

/** SHA-256 of a text, its result again, and so on; a microsecond or two for each round. */
function chain(text: string, rounds: number): string {
  let hex = text
  for (let round = 0; round < rounds; round++) hex = hash('sha256', hex)
  return hex
}

/** The first 32 bits of a hash in hexadecimal digits. */
const firstBits = (hex: string): number => Number.parseInt(hex.slice(0, 8), 16)

/** Tiny work: the first 32 bits of a number's hash. */
export const hashed = (n: number): number => firstBits(chain(String(n), 1))

export const hashedBatch = (batch: readonly number[]): number[] => batch.map(hashed)

const TABLE_LENGTH = 4000
const OWN_ROUNDS = 500

/** What all items of pitfall-shared need: a table of hashes, which takes some milliseconds. */
export const makeTable = (): string[] => Array.from({ length: TABLE_LENGTH }, (_, i) => chain(String(i), 1))

/** Work of about half a millisecond that begins at a row of the table. */
export const fromTable = (n: number, table: readonly string[]): number =>
  firstBits(chain(table[n % table.length], OWN_ROUNDS))

/** The pitfall: each item makes the table. */
export const fromNewTable = (n: number): number => fromTable(n, makeTable())

let table: string[] | undefined

/** The table is a variable of the module, so a worker makes it once. */
export function fromOwnTable(n: number): number {
  table ??= makeTable()
  return fromTable(n, table)
}

/** An item of pitfall-chunks. */
export interface Block {
  readonly n: number
  readonly rounds: number
}

const BLOCK_BYTES = 4096

/** Works for some rounds, and returns 4 kB whose first bytes are the result. */
export function block({ n, rounds }: Block): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES)
  new DataView(bytes.buffer).setUint32(0, firstBits(chain(String(n), rounds)))
  return bytes
}

export const blockBatch = (batch: readonly Block[]): Uint8Array[] => batch.map(block)

/** The result in a block. */
export const resultIn = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)

/** Float32 samples of a file. */
export function readSamples(file: string): Float32Array<ArrayBuffer> {
  return samplesIn(readFileSync(file))
}

/** A view of a file's bytes as float32 samples. */
export const samplesIn = (bytes: Buffer): Float32Array<ArrayBuffer> =>
  new Float32Array(
    bytes.buffer as ArrayBuffer,
    bytes.byteOffset,
    Math.floor(bytes.length / Float32Array.BYTES_PER_ELEMENT),
  )

export { peak }

export const peakOfFile = (file: string): number => peak(readSamples(file))

/** An item of four fields, and its result, which has a new `value`. */
export interface Fields {
  readonly id: number
  readonly name: string
  readonly steps: number
  readonly value: number
}

/**
 * Keeps a core busy for a number of steps, of about 1.3 ns each. Each step needs the result of
 * the one before.
 *
 * All of its values are 32-bit integers, also those between its operations. Otherwise V8 sometimes
 * calculates with doubles, by what it knows when it compiles the function, and the same steps take up
 * to five times as long.
 */
export function spin(steps: number): number {
  const end = steps | 0
  let value = end
  for (let i = 0; i < end; i++) value = Math.imul(value ^ i, 1664525)
  return value
}

export const spinFields = ({ id, name, steps }: Fields): Fields => ({ id, name, steps, value: spin(steps) })

export const increment = (number: number): number => number + 1

export const lastOf = (array: Float64Array): number => array[array.length - 1]

export const lengthOf = (name: string): number => name.length

/** It must be `async`, because poolifier does not await a promise of another function. */
export async function wait(milliseconds: number): Promise<number> {
  await setTimeout(milliseconds)
  return milliseconds
}

/** The second argument is what the task shares among its items. */
export const lengthOfShared = (_item: number, shared: Float64Array): number => shared.length

export { callFunction, readHandle, returnFunction, showPrice, throwError } from './values.js'
