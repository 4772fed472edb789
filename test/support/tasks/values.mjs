// Results of all sorts, each by its name, and what calls do with what they get.

class Reading {
  value = 1
}

const sorts = {
  instance: () => ({ list: [1, new Reading()] }),
  url: () => new URL('file:///a'),
  buffer: () => Buffer.from('a'),
  function: () => ({ done: { call() {} } }),
  kept: () => new Map([['when', new Date(0)]]),
}

export const give = (sort) => sorts[sort]()

let last

/** Changes what it is given, and says whether it was given the same object before. */
export function change(item) {
  const isSame = item === last
  last = item
  item.changed = true
  return isSame
}

const shared = { count: 0 }
export const giveShared = () => shared
export const classOf = (_, data) => data.constructor.name
export const same = (item) => item
