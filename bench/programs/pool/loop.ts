/** A plain loop, on the thread of the program. */

import { functionNamed, type OpenPool } from './libraries.js'

export const openPool: OpenPool = async (name) => {
  const call = await functionNamed(name)
  return {
    async map(items, load) {
      if (load === undefined) return items.map((item) => call(item))
      const results: unknown[] = []
      for (const item of items) results.push(call(await load(item)))
      return results
    },
  }
}
