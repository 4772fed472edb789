/** Prints the tables of all records in bench/results, as docs/architecture.md shows them. */

import { readdirSync, readFileSync } from 'node:fs'
import { inMarkdown } from './harness.js'

for (const name of readdirSync('bench/results').sort()) {
  const record = JSON.parse(readFileSync(`bench/results/${name}`, 'utf8'))
  console.log(record.table ? inMarkdown(record) : `\n${record.title}: recorded before records held tables`)
}
