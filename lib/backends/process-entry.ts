/** The entry of a worker process. */

import { CpuMeter } from './cpu-use.js'
import { ProcessLedger } from './file-ledger.js'
import { FileWords, LEDGER_DESCRIPTOR } from './ledger-file.js'
import type { ProcessData, ToWorker } from './messages.js'
import { deserialized, serialized } from './serialization.js'
import { serve } from './serve.js'

const send = process.send!.bind(process)
// With it, a function could post outcomes of other items. Libraries also take it as a sign that the
// program is a child of theirs.
;(process as { send?: unknown }).send = undefined
// The pool has ended, or a function has closed the channel.
process.on('disconnect', () => process.exit())

process.once('message', (first) => {
  const { files, weighs, name = 'noisemill' } = deserialized(first as Uint8Array) as ProcessData
  process.title = name
  serve({
    port: {
      moves: false,
      post: (message, transfer) => {
        const bytes = serialized(message, transfer)
        if (!process.connected) return
        send(bytes, () => {
          // The pool's process has ended, which the channel tells soon. Without this function, an error
          // would end this process, and print itself.
        })
      },
      listen: (receive) => process.on('message', (bytes) => receive(deserialized(bytes as Uint8Array) as ToWorker)),
    },
    ledger: new ProcessLedger(new FileWords(LEDGER_DESCRIPTOR)),
    wasm: undefined,
    files,
    weighs,
    meter: new CpuMeter(),
  })
})
