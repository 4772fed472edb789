/** 200 functions that only wait, for 100 ms each. `Promise.all` without a pool is the limit. */

import { report } from '../harness.js'
import { libraryVersions, type MapItems, noisemill, piscina, poolifier, tinypool } from './contenders.js'
import { wait } from './functions.js'
import { type Contenders, Trials, timed } from './trials.js'

const MILLISECONDS = 100

interface Settings {
  readonly count: number
}

const timing =
  (prepare: () => MapItems) =>
  ({ count }: Settings) => {
    const map = prepare()
    const items = Array(count).fill(MILLISECONDS)
    return async () => (await timed(() => map(items))).milliseconds
  }

const ALONE = 'Promise.all, no pool'

export const contenders: Contenders<Settings> = {
  [ALONE]: timing(() => (items) => Promise.all(items.map((item) => wait(item as number)))),
  'noisemill, 100 items a thread': timing(() => noisemill('wait', { concurrency: 100 })),
  'piscina, 100 tasks a thread': timing(() => piscina('wait', 100)),
  'tinypool, 100 tasks a thread': timing(() => tinypool('wait', 100)),
  poolifier: timing(() => poolifier('wait')),
}

export async function waits(rounds = 7, scale = 1): Promise<void> {
  const settings: Settings = { count: Math.round(200 * scale) }
  using trials = await Trials.start(import.meta.url, Object.keys(contenders), settings)
  const notes = { ...settings, scale, libraries: libraryVersions(), leftOut: trials.leftOut }
  report('Pool waits', 'milliseconds', await trials.compare(rounds), ALONE, notes)
}
