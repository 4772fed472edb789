/** Runs the command lines that it is sent, one after another, and sends back how each ended. */

import { createRequire } from 'node:module'

const { main } = createRequire(import.meta.url)('../../../dist/cli.cjs')

// The command adds listeners each time, because a process runs it once.
for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(0)

process.on('message', async ({ args, cwd }) => {
  process.chdir(cwd)
  process.exitCode = 0
  const printed = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'])
    process[stream].write = (text) => {
      printed[stream] += text
      return true
    }
  await main(args)
  process.send({ code: process.exitCode, ...printed })
})
