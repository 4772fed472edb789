/**
 * A short run of 100 items of 1 ms, alone and beside a long run of such items on the same pool.
 * Threads that are shared fairly take twice as long for it.
 */

import { setTimeout } from 'node:timers/promises'
import { moduleTask, Pool } from '../../dist/index.js'
import { report } from '../harness.js'
import { JOBS } from '../programs.js'
import { stepsPerMicrosecond } from './calibrate.js'
import { FUNCTIONS } from './contenders.js'
import { type Contenders, type Round, Trials, timed } from './trials.js'

/** Time for the long run to fill the threads. */
const HEAD_START = 300

interface Settings {
  readonly count: number
  /** Steps of `spin` in an item. */
  readonly steps: number
}

function* endless(steps: number): Generator<number> {
  for (;;) yield steps
}

const timing =
  (isBeside: boolean) =>
  ({ count, steps }: Settings): Round => {
    const pool = new Pool({ size: JOBS })
    const task = moduleTask<number, number>(FUNCTIONS, 'spin')
    const items = Array(count).fill(steps)
    return async () => {
      let isOver = false
      const runLong = async () => {
        for await (const _ of pool.imap(task, endless(steps))) if (isOver) return
      }
      const long = isBeside && runLong()
      await setTimeout(HEAD_START)
      const { milliseconds } = await timed(() => pool.map(task, items))
      isOver = true
      await long
      return milliseconds
    }
  }

const ALONE = 'alone'

export const contenders: Contenders<Settings> = {
  [ALONE]: timing(false),
  'beside a long run': timing(true),
}

export async function beside(rounds = 9, scale = 1): Promise<void> {
  const settings: Settings = { count: Math.round(100 * scale), steps: Math.round(1000 * stepsPerMicrosecond()) }
  using trials = await Trials.start(import.meta.url, Object.keys(contenders), settings)
  report('Pool beside', 'milliseconds', await trials.compare(rounds), ALONE, { ...settings, scale })
}
