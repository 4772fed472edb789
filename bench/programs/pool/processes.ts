/**
 * Processes without a pool, which get their shares of the items beforehand: a lower limit for pools.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { OpenPool } from './libraries.js'
import { sharesOf } from './works.js'

/** The items are numbers, which say how long they take. The functions must return numbers at once. */
export const openPool: OpenPool = async (name, { size }) => {
  const worker = new URL('./bare-worker.js', import.meta.url)
  const children = Array.from({ length: size }, () => fork(worker, { serialization: 'advanced' }))
  return {
    async map(items) {
      const shares = sharesOf(items as readonly number[], size)
      const results: unknown[] = []
      await Promise.all(
        shares.map(async (indexes, i) => {
          const own = await ask(children[i], { name, items: indexes.map((index) => items[index]) })
          for (const [at, index] of indexes.entries()) results[index] = own[at]
        }),
      )
      return results
    },
    async close() {
      const ends = children.map((child) => once(child, 'exit'))
      for (const child of children) child.disconnect()
      await Promise.all(ends)
    },
  }
}

/** Sends a message to a process, and resolves to its answer. Rejects if the process ends before. */
function ask(child: ChildProcess, message: object): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`a process ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (answer) => {
      child.off('exit', onExit)
      resolve(answer as unknown[])
    })
    child.send(message)
  })
}
