/** Functions that do not end, fail or wait as their item says. Cells are those of calls.mjs. */

import { setTimeout as sleep } from 'node:timers/promises'

/** Counts its call; `way` says how it misbehaves. */
export function behave({ value, begun, way }) {
  if (begun) Atomics.add(begun, 0, 1)
  switch (way) {
    case 'spins':
      for (;;);
    case 'blocks':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
      return value
    case 'never settles':
      return new Promise(() => {})
    case 'spins after it waited':
      return sleep(1).then(() => {
        for (;;);
      })
    case 'exits':
      return process.exit(7)
    case 'throws':
      throw new RangeError('as told')
    default:
      return value
  }
}

/** Waits until its signal aborts, then stores 1 in a cell; the name of the reason is its result. */
export function untilAborted({ begun, aborted }, _data, { signal }) {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      Atomics.store(aborted, 0, 1)
      resolve(signal.reason.name)
    })
    if (begun) Atomics.add(begun, 0, 1)
  })
}

/** Fails until the attempt with number `until`; counts its calls. */
export function shaky({ value, begun, until, way = 'throws' }, _data, { attempt }) {
  if (attempt < until) return behave({ value, begun, way })
  if (begun) Atomics.add(begun, 0, 1)
  return [value, attempt]
}

export const attemptOf = (_item, _data, { attempt }) => attempt

export const waits = async ({ milliseconds, value }) => {
  await sleep(milliseconds)
  return value
}

/** Waits, and counts itself when it has. */
export const waitsAndCounts = async ({ milliseconds, begun, value }) => {
  await sleep(milliseconds)
  Atomics.add(begun, 0, 1)
  return value
}
