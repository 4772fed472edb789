/** Functions that end their thread. */

const never = () => new Promise(() => {})

const ways = {
  'process.exit(0)': () => process.exit(0),
  'process.exit(1)': () => process.exit(1),
  'a throw from a timer': () => {
    setTimeout(() => {
      throw new Error('thrown late')
    })
    return never()
  },
  'an unhandled rejection': () => {
    Promise.reject(new Error('nobody listens'))
    return never()
  },
}

/** Counts its calls in the cell of its item; crashes where it is told a way to. */
export async function crash({ value, way, begun }) {
  if (begun) Atomics.add(begun, 0, 1)
  if (way) await ways[way]()
  return value
}

/** Gives its result, and its thread dies once the gate is open. */
export function crashAfterwards({ gate, dead }) {
  process.once('exit', () => Atomics.store(dead, 0, 1))
  const timer = setInterval(() => {
    if (Atomics.load(gate, 0) === 0) return
    clearInterval(timer)
    throw new Error('thrown after the result')
  }, 1)
  return 'the result'
}

export const exit = () => process.exit(3)
