/** `npm run bench:compare A.json B.json`: compares two kept records, and says how little it can know. */

import { readFileSync } from 'node:fs'
import { showText } from '../dist-lib/show.js'
import { comparisonLines } from './harness/comparison.js'
import type { BenchRecord } from './harness/record.js'
import { parseRecord, RecordError } from './harness/record-check.js'
import { UsageError } from './harness/usage-error.js'

const USAGE = 'usage: npm run bench:compare -- FIRST.json SECOND.json'

function read(file: string): BenchRecord {
  try {
    return parseRecord(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof RecordError) throw new UsageError(`${file}: ${error.message}`)
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new UsageError(`cannot read ${file}: ${code}`)
  }
}

function main(args: readonly string[]): number {
  try {
    if (args.includes('--help') || args.includes('-h')) {
      console.log(USAGE)
      return 0
    }
    if (args.length !== 2) throw new UsageError(`two records are needed.\n${USAGE}`)
    const [first, second] = args.map(read)
    if (first.size !== second.size)
      throw new UsageError(
        `the records cannot be compared: the first has the ${first.size} form, the second the ${second.size} form`,
      )
    console.log(comparisonLines(first, second).map(showText).join('\n'))
    return 0
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`bench:compare: ${error.message.split('\n').map(showText).join('\n')}`)
    return 2
  }
}

process.exitCode = main(process.argv.slice(2))
