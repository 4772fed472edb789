/** `noisemill status`: says from the journals of an output folder what is done and what is left to do. */

import type { Command } from 'commander'
import { type FolderStatus, type JournalStatus, statusOf } from '../record/status.js'
import { plural, showJson, showText } from '../show.js'
import { EXIT } from './exit.js'
import { parsePath } from './flags.js'

export function defineStatus(program: Command, exit: (code: number) => void): void {
  program
    .command('status')
    .summary('say what is done in an output folder, and what is left to do')
    .description(
      'Reads the journals of an output folder, and says what is done, what failed and what is left to do, over all shards.',
    )
    .argument('<dir>', 'output folder of runs of noisemill add')
    .option('--json', 'print one JSON object')
    .action(async (folder: string, flags: { json?: boolean }) => {
      const status = await statusOf(parsePath(folder, 'DIR'))
      if (flags.json) process.stdout.write(`${showJson(status)}\n`)
      else for (const line of linesOf(status)) process.stdout.write(`${showText(line)}\n`)
      exit(status.complete ? EXIT.done : EXIT.filesFailed)
    })
}

/** Most shards that have a line of their own if all is well with them. */
const SHOWN = 20

function linesOf(status: FolderStatus): string[] {
  const { journals, missing, done, failed, running, unfinished, codes, failures, next } = status
  const isPlain = ({ state, failed, begun }: JournalStatus) => state === 'ended' && failed + begun === 0
  const shown = journals.length > SHOWN ? journals.filter((journal) => !isPlain(journal)) : journals
  const rest = journals.length - shown.length
  const named = failures.map(({ output, code }) => `${output}: failed (${code})`)
  const counts = [
    `${done} done`,
    ...(failed > 0 ? [`${failed} failed (${codesInWords(codes)})`] : []),
    ...(running > 0 ? [`${running} being made`] : []),
    ...(unfinished > 0 ? [`${unfinished} unfinished`] : []),
    ...(missing.length > 0 ? [`${plural(missing.length, 'shard')} without a journal`] : []),
  ]
  return [
    ...shown.map(journalLine),
    ...(rest > 0 ? [`${rest} other shards: ended`] : []),
    ...named,
    ...(failed > failures.length ? [`and ${failed - failures.length} more`] : []),
    `${counts.join(', ')}. ${next}`,
  ]
}

function journalLine({ shard, state, host, pid, done, failed, begun }: JournalStatus): string {
  const name = shard === null ? 'all files' : `shard ${shard.replace('/', ' of ')}`
  const process = host === null ? '' : ` (process ${pid} on ${host})`
  const states: Readonly<Record<JournalStatus['state'], string>> = {
    running: `running${process}`,
    ended: 'ended',
    stopped: `stopped before its end${process}`,
    unknown: `running, or killed${process}`,
  }
  const counts = [`${done} done`, ...(failed > 0 ? [`${failed} failed`] : []), ...(begun > 0 ? [`${begun} begun`] : [])]
  return `${name}: ${states[state]}, ${counts.join(', ')}`
}

/** Formats numbers by code. */
function codesInWords(codes: Readonly<Record<string, number>>): string {
  return Object.keys(codes)
    .sort()
    .map((code) => `${codes[code]} ${code}`)
    .join(', ')
}
