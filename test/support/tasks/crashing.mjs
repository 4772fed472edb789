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
  'a DOMException from a timer': () => {
    setTimeout(() => AbortSignal.abort().throwIfAborted())
    return never()
  },
  'an error of its own from a timer': () => {
    setTimeout(() => {
      throw Object.assign(new RangeError('out of range', { cause: new TypeError('inner') }), {
        code: 'E_OWN',
        call: () => {},
      })
    })
    return never()
  },
  'a string from a timer': () => {
    setTimeout(() => {
      throw 'a mere string'
    })
    return never()
  },
  'an exit after an error that was caught': () => {
    process.once('uncaughtException', () => process.exit(1))
    setTimeout(() => {
      throw new Error('caught')
    })
    return never()
  },
  'a lack of memory after an error that was caught': async () => {
    const caught = new Promise((resolve) => process.once('uncaughtException', resolve))
    setTimeout(() => {
      throw new Error('caught')
    })
    await caught
    for (const kept = []; ; ) kept.push(Array(1000).fill(kept.length + 0.5))
  },
  'another error after one that was caught': async () => {
    const caught = new Promise((resolve) => process.once('uncaughtException', resolve))
    setTimeout(() => {
      throw new Error('caught')
    })
    await caught
    setTimeout(() => {
      throw Object.assign(new Error('not caught'), { list: ['kept'] })
    })
    return never()
  },
  'an unhandled rejection': () => {
    Promise.reject(new Error('nobody listens'))
    return never()
  },
}

/** Counts its calls in the cell of its item, and crashes in the way that the item names, if any. */
export async function crash({ value, way, begun }) {
  if (begun) Atomics.add(begun, 0, 1)
  if (way) await ways[way]()
  return value
}

/** Returns its result, and ends its thread when the gate is open. */
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
