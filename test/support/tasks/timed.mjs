/** Functions that take a known time, which they measure themselves. */

import { setTimeout as sleep } from 'node:timers/promises'

/** Keeps its thread busy; returns the milliseconds that it took. */
export function spin(milliseconds) {
  const began = performance.now()
  while (performance.now() - began < milliseconds);
  return performance.now() - began
}

/** Keeps its thread busy; returns the CPU time of its process meanwhile, and since that began, in milliseconds. */
export function burn(milliseconds) {
  const before = process.cpuUsage()
  spin(milliseconds)
  const total = process.cpuUsage()
  return { spent: cpuTime(process.cpuUsage(before)), total: cpuTime(total) }
}

const cpuTime = ({ user, system }) => (user + system) / 1000

/** Waits for a timer; returns the milliseconds that it took. */
export async function wait(milliseconds) {
  const began = performance.now()
  await sleep(milliseconds)
  return performance.now() - began
}

/** A setup that takes the milliseconds that `data` says. */
export const prepare = (milliseconds) => spin(milliseconds)

/** Returns the result of `prepare`. */
export const prepared = (_item, took) => took

/**
 * Keeps its thread busy for `milliseconds`. Returns how many of these calls were in progress at its begin and at its
 * end, by a count in shared memory.
 */
export function meet({ milliseconds, inProgress }) {
  const atBegin = Atomics.add(inProgress, 0, 1) + 1
  spin(milliseconds)
  return Math.max(atBegin, Atomics.sub(inProgress, 0, 1))
}
