/** Functions that take and return buffers. */

/** The class, the elements and the size of the whole buffer of each view in an item. */
export const describe = (item) => describeViews(item)
export function describeViews(item) {
  if (ArrayBuffer.isView(item)) {
    const bytes = new Uint8Array(item.buffer, item.byteOffset, item.byteLength)
    return [item.constructor.name, Array.from(bytes), item.buffer.byteLength]
  }
  return Array.isArray(item) ? item.map(describeViews) : { view: describeViews(item.view) }
}

/** Writes into the first view, and returns what the second one then has. */
export const writeThrough = ([first, second]) => {
  first.fill(7)
  return Array.from(second)
}

/** Returns the middle of a large buffer, as it was asked for. */
export const middle = (how) => {
  const whole = new Float64Array(100_000).fill(3)
  const view = whole.subarray(500, 502)
  return how === 'alone' ? view : { list: [view], how }
}

let last
/** Returns the size of what was returned before, and what was asked for. */
export const make = (size) => {
  const before = last?.byteLength
  last = new Uint8Array(size).fill(size)
  return { before, inside: [last], unlisted: new Uint8Array(size) }
}
export const insideOf = ({ inside }) => inside.map(({ buffer }) => buffer)
export const throwing = () => {
  throw new Error('no list')
}
export const notAList = () => 'all'

export const fill = (view) => view.fill(9)
export const fillShared = (view) => {
  view[0] = 5
  return view
}
export const sizeOf = (item) => (item.view ?? item).byteLength

const constant = new Uint8Array(4)
/** Returns the same memory again and again. */
export const sameMemory = () => constant

export const exitIfAsked = ({ gate, view }) => {
  if (gate === undefined) return view.length
  Atomics.wait(gate, 0, 0)
  process.exit(4)
}

/** The class of each value in the second argument, and whether its memory is shared. */
export const kinds = (_, { bytes, view, buffer, list }) =>
  [bytes, view, buffer, list[0]].map((value) => [
    value.constructor.name,
    (value.buffer ?? value) instanceof SharedArrayBuffer,
  ])
export const addTo = (item, { sums }) => {
  Atomics.add(sums, 0, item)
  return sums[1]
}
export const classOfData = (_, data) => data.when.constructor.name
export const keep = (data) => ({ kept: data })
export const sumKept = (item, { kept }) => kept.numbers.reduce((sum, n) => sum + n, item)
