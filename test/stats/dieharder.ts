/** The test programs of dieharder (Robert G. Brown), on words that are piped into it. */

import { spawn, spawnSync } from 'node:child_process'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

export interface Assessment {
  /** Name of the test, its parameter if it has one, and the p-value of its p-values. */
  readonly name: string
  readonly p: number
  readonly verdict: 'PASSED' | 'WEAK' | 'FAILED'
}

export const hasDieharder = spawnSync('dieharder', ['-l']).status === 0

/** Raw words from standard input. */
const STDIN_RAW = '200'
const COLUMNS = ['test_name', 'ntuple', 'pvalues', 'assessment']

/** Runs one test, which takes as many words as it needs. */
export async function runDieharder(options: readonly string[], words: Iterable<Uint32Array>): Promise<Assessment[]> {
  const columns = COLUMNS.flatMap((column) => ['-D', column])
  const child = spawn('dieharder', ['-g', STDIN_RAW, ...options, ...columns, '-c', ','], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const fed = pipeline(Readable.from(asBytes(words)), child.stdin).catch(unlessItHadEnough)
  const report = await text(child.stdout)
  await fed
  return report.trimEnd().split('\n').map(assessmentOf)
}

function* asBytes(words: Iterable<Uint32Array>): Generator<Buffer> {
  for (const { buffer, byteOffset, byteLength } of words) yield Buffer.from(buffer, byteOffset, byteLength)
}

/** What writing to a program says that has closed its input, by when it is noticed. */
const ENDED_EARLY = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE']

function unlessItHadEnough(error: NodeJS.ErrnoException): void {
  if (!ENDED_EARLY.includes(error.code ?? '')) throw error
}

function assessmentOf(line: string): Assessment {
  const [name, parameter, p, verdict] = line.split(',').map((column) => column.trim())
  if (verdict !== 'PASSED' && verdict !== 'WEAK' && verdict !== 'FAILED') throw new Error(`dieharder says: ${line}`)
  return { name: `${name} ${parameter}`, p: Number(p), verdict }
}
