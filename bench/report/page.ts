/** The page of a record. */

import type { BenchRecord } from '../harness/record.js'
import { recordLines } from '../harness/tables.js'

/** Returns a self-contained HTML page. */
export function pageOf(record: BenchRecord): string {
  const text = recordLines(record).join('\n').replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<!doctype html>\n<meta charset="utf-8">\n<title>noisemill bench</title>\n<pre>${text}</pre>\n`
}
