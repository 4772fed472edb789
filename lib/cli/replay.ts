/** `noisemill replay`: makes the outputs of a run again from the rows of its report. */

import type { Command } from 'commander'
import type { PoolOptions } from '../index.js'
import { Pool } from '../pool/pool.js'
import { Report } from '../record/report.js'
import { type ReplayOptions, replayInGroups } from '../replay.js'
import { runFileCommand } from './file-results.js'
import { declareGroups, readFlags } from './flag-options.js'
import { type OwnOptions, parsePath, replayTables } from './flags.js'
import { Messages } from './messages.js'
import { Progress } from './progress.js'
import type { Stop } from './stop.js'
import { Terminal } from './terminal.js'

const NOTES = `
An output has the path below DIR that it had below its output folder. Rows whose outputs failed or were omitted, and
repeated rows, are left out. If a row is not one of this version of noisemill, or if it contradicts itself, nothing is
done.`

/** An output of a row has no other copy whose messages it could share. */
const ONE = { copies: 1, labels: [] }

export function defineReplay(program: Command, stop: Stop, exit: (code: number) => void): void {
  const command = program
    .command('replay')
    .summary('make the outputs of a run again from its report')
    .description(
      'Makes the outputs of a run again, with the same bytes. ROWS is a report of JSON lines, see add --report.',
    )
    .argument('<rows>', 'the report, or what add --json printed')
  declareGroups(command, Object.values(replayTables))
  command.addHelpText('after', NOTES)
  command.action(async (rows: string, given: Record<string, unknown>) => {
    const options = readFlags(replayTables.options, given) as unknown as ReplayOptions
    const pool = readFlags(replayTables.pool, given) as PoolOptions
    exit(await replay(parsePath(rows, 'ROWS'), options, pool, readFlags(replayTables.own, given), stop))
  })
}

async function replay(
  rows: string,
  options: ReplayOptions,
  poolOptions: PoolOptions,
  own: OwnOptions,
  stop: Stop,
): Promise<number> {
  const { overwrite } = options
  const terminal = await Terminal.open(own.quiet === true)
  const pool = new Pool(poolOptions)
  const progress = new Progress(false, options.verify)
  const messages = new Messages(terminal, ONE, Object.values(replayTables))
  const reported = { inputs: [], list: rows, out: String(options.out), variants: ONE, overwrite }
  const report = own.report === undefined ? undefined : await Report.open(own.report, reported)
  const seeds: string[] = []
  const onCount = (outputs: number, found: ReadonlySet<string>) => {
    progress.total = outputs
    seeds.push(...found)
  }
  const onLeftOut = () => {
    progress.rowsLeftOut++
  }
  return runFileCommand({
    ...{ own, pool, terminal, progress, messages, report, stop },
    results: (run) => replayInGroups(rows, { ...options, ...run, onLeftOut }, onCount),
    seed: () => (seeds.length === 1 ? seeds[0] : null),
    interrupted: async () => 'interrupted. Run the same command with --overwrite to begin again.',
  })
}
