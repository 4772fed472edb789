/** A process that calls a function for each item that it gets, without a pool. */

import { type FunctionName, functionNamed } from './libraries.js'

process.on('message', async ({ name, items }: { name: FunctionName; items: readonly unknown[] }) => {
  const call = await functionNamed(name)
  process.send!(items.map((item) => call(item)))
})
process.on('disconnect', () => process.exit())
