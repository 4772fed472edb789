/**
 * Functions that worker threads call. A cell is an Int32Array of one element that all threads see: a gate, or a
 * counter.
 */

import { appendFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

async function until(condition) {
  while (!condition()) await sleep(1)
}

export const double = (number) => 2 * number
export const same = (item) => item
export const byteLength = (bytes) => bytes.byteLength

export default double

/** Counts its call, waits for one gate, opens another, all of them optional. */
export async function pass({ value, begun, waitsFor, opens }) {
  if (begun) Atomics.add(begun, 0, 1)
  if (waitsFor) await until(() => Atomics.load(waitsFor, 0) !== 0)
  if (opens) Atomics.store(opens, 0, 1)
  return value
}

/** Never returns, and blocks its thread. */
export function block({ begun }) {
  Atomics.add(begun, 0, 1)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

/** Writes a file in two halves; in between it counts its call and waits for a gate. */
export async function writeHalves({ file, begun, gate }) {
  writeFileSync(file, 'first half, ')
  Atomics.add(begun, 0, 1)
  await until(() => Atomics.load(gate, 0) !== 0)
  appendFileSync(file, 'second half')
}

/** Ends when `count` calls are in progress at the same time. */
export async function meet({ begun, count }) {
  Atomics.add(begun, 0, 1)
  await until(() => Atomics.load(begun, 0) >= count)
}

/** Returns the number of calls in progress, this one included. */
export async function crowd(underWay) {
  const seen = Atomics.add(underWay, 0, 1) + 1
  // Wait for several turns of the event loop, in which another call could begin if the pool allowed it.
  for (let turn = 0; turn < 3; turn++) await sleep(0)
  Atomics.sub(underWay, 0, 1)
  return seen
}

/** A setup that counts its calls and makes, from `data`, the second argument of the function. */
export async function prepare({ prepared, factor }) {
  await sleep(0)
  Atomics.add(prepared, 0, 1)
  return { multiply: (number) => factor * number }
}

export const multiply = (number, { multiply }) => multiply(number)
export const withData = (item, data) => [item, data]
export const withoutData = (...values) => values.slice(1, 2)
