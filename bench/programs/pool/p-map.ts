/** p-map: async functions on the thread of the program, some of them at a time. */

import pMap from 'p-map'
import { functionNamed, type OpenPool } from './libraries.js'

export const openPool: OpenPool = async (name, { size }) => {
  const call = await functionNamed(name)
  const mapper = async (item: unknown) => call(item)
  return {
    map: (items, load) =>
      pMap(items, load === undefined ? mapper : async (item) => call(await load(item)), { concurrency: size }),
  }
}
