/** Makes the pool of `add`: on this machine, or with the workers of a queue. */

import { statSync } from 'node:fs'
import { invalidOption } from '../errors.js'
import type { InputList } from '../files/input-list.js'
import { Pool } from '../pool/pool.js'
import type { QueueBackend } from '../remote/bullmq.js'
import type { AddRequest } from './flag-options.js'
import { queueFlags } from './flags.js'

interface OpenPool {
  readonly pool: Pool
  /** What each worker of the queue has done, if there is one. */
  readonly machines?: QueueBackend['machines']
}

/** @param notice called with what the run waits for */
export async function openPool(
  inputs: readonly string[] | InputList,
  { pool, queue, noise }: AddRequest,
  notice: (text: string) => void,
): Promise<OpenPool> {
  if (queue.queue === undefined) {
    const [first] = Object.entries(queue)
    if (first) throw invalidOption(first[0], '`queue` beside it', first[1])
    return { pool: new Pool(pool) }
  }
  const { size, ...others } = pool
  const [other] = Object.entries(others)
  if (other) throw invalidOption(other[0], 'no `queue` beside it', other[1])
  // Its packages are optional, and loading them takes time.
  const { bullmq } = await import('../remote/bullmq.js')
  const backend = bullmq({
    ...queue,
    read: sharedInput(inputs, noise.root),
    write: noise.out,
    ...(size !== undefined && { size }),
    onNotice: notice,
  })
  return { pool: new Pool({ backend }), machines: backend.machines }
}

/** Returns the folder that contains all inputs. */
function sharedInput(inputs: readonly string[] | InputList, root: string | URL | undefined): string {
  if (root !== undefined) return String(root)
  const [only, ...more] = Array.isArray(inputs) ? inputs : []
  if (only !== undefined && more.length === 0 && statSync(only, { throwIfNoEntry: false })?.isDirectory()) return only
  const expected = `a folder that contains all inputs, or a single INPUT that is a folder, with ${queueFlags.queue.name}`
  throw invalidOption('root', expected, undefined)
}
