/** Functions for workers of a queue. */

import { appendFileSync, readFileSync } from 'node:fs'

/** Fails, takes too long, or succeeds at the second attempt, by the number. */
export function mixed(n, _, { attempt }) {
  if (n % 31 === 5) throw new RangeError(`not ${n}`, { cause: new TypeError('deeper') })
  if (n % 37 === 6 && attempt === 1) throw new Error('busy')
  if (n % 499 === 7) return new Promise(() => {})
  return { n, square: n * n, odd: n % 2 === 1, nothing: undefined, tiny: -0, never: Number.NaN }
}

export const prepare = (data) => ({ data, pid: process.pid })
export const withSetup = (n, { data }) => n + data.more

export const badResult = (n) => (n === 1 ? new Map([[1, 2]]) : n)

/** Kills its process at the first attempt. */
export function deadly(n, _, { attempt }) {
  if (n === 0 && attempt < 3) process.kill(process.pid, 'SIGKILL')
  return attempt
}

/** Notes that it began, and takes its time. */
export async function slow({ file, n, milliseconds }) {
  appendFileSync(file, `${n}\n`)
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
  return n
}

/** Never ends, unless the file says that it is to be quick. */
export function endless({ file, n }) {
  if (readFileSync(file, 'utf8') === 'quick') return n
  appendFileSync(file, `${n}\n`)
  for (;;);
}

export const notAFunction = 5

/** Always kills its process. */
export const fatal = () => process.kill(process.pid, 'SIGKILL')

export const lengthOf = (text) => text.length
