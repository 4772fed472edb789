/** `noisemill info`: shows the backend that is used by default, and why. */

import type { Command } from 'commander'
import { usableCpus } from '../cpus.js'
import { Pool } from '../pool/pool.js'
import { showJson, showText } from '../show.js'
import { version } from './version.js'

export function defineInfo(program: Command): void {
  program
    .command('info')
    .summary('show which backend and kernel are used, and why')
    .description('Shows the version, the system, and the backend and kernel that are used by default, and why.')
    .option('--json', 'print one JSON object')
    .action((flags: { json?: boolean }) => {
      const rows = collect()
      if (flags.json) {
        process.stdout.write(`${showJson(rows)}\n`)
        return
      }
      const width = Math.max(...Object.keys(rows).map((name) => name.length))
      for (const [name, value] of Object.entries(rows))
        process.stdout.write(`${name.padEnd(width)}  ${showText(`${value ?? 'none'}`)}\n`)
    })
}

function collect(): Record<string, string | number | null> {
  const { backend, reason, remedy, binary, kernel, instructionSet, size, threads, libuvThreads, cpuQuota } = new Pool()
    .info
  return {
    version,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpus: usableCpus(),
    cpuQuota,
    backend,
    reason,
    remedy,
    binary,
    kernel,
    instructionSet,
    size,
    threads,
    libuvThreads,
  }
}
