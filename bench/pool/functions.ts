/** The functions that contenders call for each item. Worker threads of every library load them. */

import { setTimeout } from 'node:timers/promises'

/** An item of four fields, and its result, which has a new `value`. */
export interface Fields {
  readonly id: number
  readonly name: string
  readonly steps: number
  readonly value: number
}

/**
 * Keeps a core busy for a number of steps. Each step needs the result of the one before.
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

export const spinBatch = (batch: readonly number[]): number[] => batch.map(spin)

export const increment = (number: number): number => number + 1

export const lastOf = (array: Float64Array): number => array[array.length - 1]

export const lengthOf = (name: string): number => name.length

/** It must be `async`, because poolifier does not await a promise of another function. */
export const wait = async (milliseconds: number): Promise<void> => setTimeout(milliseconds)

/** The second argument is what the task shares among its items. */
export const lengthOfShared = (_item: number, shared: Float64Array): number => shared.length
