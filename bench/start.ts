/**
 * Benchmark of start-up: `noisemill add` of one file of one second, and a program that makes a
 * pool. The reference is a Node process that does nothing.
 */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Contender, compare, report } from './harness.js'
import { shortFile } from './many.js'
import { Scratch } from './programs.js'

export default async function start(rounds = 21): Promise<void> {
  using scratch = new Scratch()
  writeFileSync(path.join(scratch.clean, 'short.wav'), shortFile())
  const nothing = scratch.commands('node -e 0', [[process.execPath, '-e', '0']])
  const ready = `import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)}).then(({ Pool }) => new Pool())`
  const pool = scratch.commands('import, new Pool()', [[process.execPath, '-e', ready]])
  const contenders = [
    nothing,
    pool,
    scratch.noisemill('--backend', 'native'),
    scratch.noisemill('--backend', 'workers'),
  ]
  const rows = await compare(contenders.map(inMilliseconds), rounds)
  report('Start', 'milliseconds', rows, nothing.name, { outputs: scratch.outputs() }, 'difference')
}

const inMilliseconds = (contender: Contender): Contender => ({
  ...contender,
  run: async () => 1000 * (await contender.run()),
})
