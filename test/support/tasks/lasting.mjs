/** Functions with `setup` and `teardown`, which count in cells how often they were called. */

import { setTimeout } from 'node:timers/promises'

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
