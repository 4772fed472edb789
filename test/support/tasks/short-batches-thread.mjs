/** A worker thread that passes batches of one job to the addon in an endless loop. */

import { parentPort } from 'node:worker_threads'
import { noiseTask, Pool } from '../../../dist/index.js'

const pool = new Pool({ size: 2, backend: 'native' })
const task = noiseTask({ out: '/nowhere', snr: 10 })
const items = Array.from({ length: 500 }, (_, i) => `/nowhere/${i}.wav`)
parentPort.postMessage('begun')
for (;;) for await (const _ of pool.imapUnordered(task, items, { chunkSize: 1 })) void _
