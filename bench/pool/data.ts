/**
 * 100 tasks with 50 MB of `data` each, one after the other, on one pool: how much memory the
 * process needs at most, beyond what it had before the first task.
 */

import { readFileSync } from 'node:fs'
import { type ModuleTaskOptions, moduleTask, Pool } from '../../dist/index.js'
import { report, rowOf } from '../harness.js'
import { JOBS } from '../programs.js'
import { FUNCTIONS } from './contenders.js'
import { type Contenders, type Round, runFresh } from './trials.js'

const BYTES = 50_000_000

interface Settings {
  readonly count: number
}

const measuring =
  (optionsOf: (array: Float64Array) => ModuleTaskOptions) =>
  ({ count }: Settings): Round => {
    const taskOf = (array: Float64Array) => moduleTask<number, number>(FUNCTIONS, 'lengthOfShared', optionsOf(array))
    const first = taskOf(new Float64Array(1))
    return async () => {
      await using pool = new Pool({ size: JOBS })
      const items = Array(2 * JOBS).fill(0)
      await pool.map(first, items, { chunkSize: 1 })
      const before = process.memoryUsage.rss()
      for (let i = 0; i < count; i++) {
        const array = new Float64Array(BYTES / Float64Array.BYTES_PER_ELEMENT).fill(i)
        const lengths = await pool.map(taskOf(array), items, { chunkSize: 1 })
        if (!lengths.every((length) => length === array.length)) throw new Error('a contender gave a wrong result')
      }
      return (peakMemory() - before) / 1e6
    }
  }

/** The most memory that this process had. Node's own figure may begin with that of its parent. */
const peakMemory = () => 1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1])

export const contenders: Contenders<Settings> = {
  data: measuring((array) => ({ data: array })),
  shared: measuring((array) => ({ shared: array }) as ModuleTaskOptions),
}

export async function data(rounds = 1, scale = 1): Promise<void> {
  const settings: Settings = { count: Math.round(100 * scale) }
  const { trials, leftOut } = await runFresh<number>(import.meta.url, Object.keys(contenders), settings, rounds)
  const rows = Object.entries(trials).map(([name, own]) => rowOf(name, own))
  report('Pool data', 'MB', rows, 'data', { ...settings, bytes: BYTES, scale, leftOut })
}
