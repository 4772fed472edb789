/** Runs over a folder that later runs resume. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type AddNoiseOptions, addNoiseToFiles, type FileResult, Pool, type PoolOptions } from '../../dist/index.js'
import { writeFiles } from './files.js'
import { JOURNAL, temporaryFolder } from './folders.js'
import { collect } from './sources.js'
import { pcm16 } from './wav.js'

/** Content of a file that noisemill did not make. */
export const foreign = Buffer.from('somebody else made this')

/** Returns the parsed lines of a folder's journal. */
export const journalOf = (out: string) =>
  readFileSync(path.join(out, JOURNAL), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** Makes a new folder whose subfolder `in` has files with these names, each of a different length. */
export function place(...names: string[]) {
  const folder = temporaryFolder()
  const at = (...parts: string[]) => path.join(folder, ...parts)
  writeFiles(at('in'), Object.fromEntries(names.map((name, i) => [name, pcm16(500 + i)])))
  return { at, input: at('in'), out: at('out') }
}

/** Returns the status of each file, or the code of its error, by key. */
export const outcomes = (results: readonly FileResult[]) =>
  Object.fromEntries(results.map(({ key, status, error }) => [key, error?.code ?? status]).sort())

type Inputs = string | string[]

/** Makes functions that run on one pool, which is closed after the tests of the `describe` that calls this. */
export function runsOn(poolOptions: PoolOptions) {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool(poolOptions)
  })
  afterAll(() => pool.close())

  const begin = (input: Inputs, out: string, options: Partial<AddNoiseOptions> = {}) =>
    addNoiseToFiles(input, { out, sigma: 0.1, seed: 'resume', pool, ...options })
  const run = (input: Inputs, out: string, options?: Partial<AddNoiseOptions>) => collect(begin(input, out, options))
  const resume = (input: Inputs, out: string, options: Partial<AddNoiseOptions> = {}) =>
    run(input, out, { resume: true, ...options })
  return { begin, run, resume }
}
