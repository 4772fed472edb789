/** Loads the package under test, which the harness names in the environment. */

import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as noisemill from '../../dist/index.js'

/** The public API of the package under test. */
export async function loadNoisemill(): Promise<typeof noisemill> {
  const build = process.env.NOISEMILL_BENCH_BUILD
  if (build === undefined) throw new Error('NOISEMILL_BENCH_BUILD must name the folder of the package under test')
  return import(pathToFileURL(path.join(build, 'dist/index.js')).href)
}

/** Prints what this process measured, as its last line. */
export const sayReported = (reported: {
  value: number
  digest?: string
  figures?: Record<string, number | readonly number[]>
  note?: string
}): void => console.log(JSON.stringify(reported))
