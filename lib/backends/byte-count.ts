/** Counts the bytes of values that cross, exactly where that is cheap, and otherwise from a sample. */

import { types } from 'node:util'
import { byteSize } from './byte-size.js'
import type { Cancellation } from './cancellation.js'
import type { Packed } from './packing.js'

/** The first objects of a run are all measured, and later every so many. */
const MEASURED_FIRST = 8
const MEASURED_EACH = 32

/** Whether the bytes of an object are known without a look inside. */
const isPlainMemory = (value: object): boolean => ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)

export class ByteCount {
  #exact = 0
  /** Objects that were added, and those of them that were measured, with their bytes. */
  #objects = 0
  #measured = 0
  #measuredBytes = 0

  /** Whether some of the bytes were estimated. */
  get isEstimate(): boolean {
    return this.#objects > 0
  }

  get bytes(): number {
    if (this.#objects === 0) return this.#exact
    return Math.round(this.#exact + (this.#measuredBytes / this.#measured) * this.#objects)
  }

  /** @param moved bytes of buffers among the values that were not copied */
  add(values: Packed, moved = 0): void {
    this.#exact -= moved
    if (ArrayBuffer.isView(values)) {
      this.#exact += values.byteLength
      return
    }
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (typeof value !== 'object' || value === null || isPlainMemory(value)) this.#exact += byteSize(value)
      else this.#addObject(value)
    }
  }

  #addObject(value: object): void {
    if (this.#objects < MEASURED_FIRST || this.#objects % MEASURED_EACH === 0) {
      this.#measured++
      this.#measuredBytes += byteSize(value)
    }
    this.#objects++
  }
}

/** Bytes of the values of a run that were copied. */
export interface RunBytes {
  /** Of items, to workers. */
  readonly sent: ByteCount
  /** Of results, from workers. */
  readonly received: ByteCount
  /** Of the task's `data`, to workers. */
  readonly data: ByteCount
}

const runs = new WeakMap<Cancellation, RunBytes>()

/** Returns the count of a run, which all of its chunks share, so that few objects must be measured. */
export function bytesOf(run: Cancellation): RunBytes {
  let bytes = runs.get(run)
  if (bytes === undefined) {
    bytes = { sent: new ByteCount(), received: new ByteCount(), data: new ByteCount() }
    runs.set(run, bytes)
  }
  return bytes
}
