/** Functions with `setup` and `teardown`, which count in cells how often they were called. */

import { setTimeout } from 'node:timers/promises'
import { resourceLimits, threadId } from 'node:worker_threads'

const count = (cell) => Atomics.add(cell, 0, 1)

export const open = ({ opened, name }) => {
  if (opened) count(opened)
  return { name, uses: 0 }
}

export const use = (item, own) => {
  own.uses++
  return [own.name, item]
}

let closed
export const openCounted = ({ opened, closed: cell }) => {
  count(opened)
  closed = cell
  return 'the value'
}
export const same = (item) => item
export const close = async (value) => {
  await setTimeout(1)
  if (value === 'the value') count(closed)
}

export const dataItself = (item, data) => data.length + item
export const closeData = (data) => count(data.closed)
export const add = (item, data) => item + data.added

export const failToClose = () => {
  throw new Error('still open')
}
export const neverClose = () => new Promise(() => {})
export const exit = () => process.exit(3)

export const thread = () => threadId
const kept = []
export const leak = (megabytes) => {
  kept.push(new Uint8Array(megabytes * 1024 * 1024).fill(1))
  return threadId
}
export const openThread = (cells) => {
  count(cells.opened)
  return cells
}
export const closeThread = ({ closed }) => count(closed)
export const surroundings = () => ({ env: process.env.NOISEMILL_TEST, flags: process.execArgv, resourceLimits })
export const setEnv = (value) => {
  process.env.NOISEMILL_TEST = value
}
export const fillHeap = () => {
  const all = []
  for (;;) all.push([all.length])
}
