/** A thread that watches the cores, because the JS thread is busy while the demo's plain loop runs. */

import { parentPort } from 'node:worker_threads'
import { type CoreUse, watchCores } from './cores.js'

/** What the thread is told: to watch, with the time between two values in milliseconds, or to stop. */
export type ToCores = { readonly interval: number } | 'stop'

/** What the thread tells: that it is there, the use of each core in an interval, and that of all intervals at the end. */
export type FromCores = 'ready' | { readonly look: readonly number[] } | { readonly ended: CoreUse }

const port = parentPort!
const tell = (message: FromCores) => port.postMessage(message)
let watched: ReturnType<typeof watchCores> | undefined

port.on('message', (message: ToCores) => {
  const ended = watched?.stop()
  watched = message === 'stop' ? undefined : watchCores(message.interval, (look) => tell({ look }))
  if (message === 'stop' && ended) tell({ ended })
})
tell('ready')
