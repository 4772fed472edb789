/** Functions of the workloads that the doctor diagnoses. */

import { setTimeout as sleep } from 'node:timers/promises'

/** Does so many rounds of arithmetic, which take about 2 ns each, and returns what depends on all of them. */
export function work(rounds) {
  let x = rounds | 0
  for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1103515245) + 12345) | 0
  return x
}

export const ten = (n) => n * 10
export const total = (array) => array.length

/** Waits, and returns a number that no other call returns. */
export async function pause(milliseconds) {
  await sleep(milliseconds)
  return performance.now()
}

/** Blocks its thread without using its CPU. */
export function block(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
  return performance.now()
}

/** A setup that takes as many rounds as `data` says. */
export const prepare = (rounds) => work(rounds)
