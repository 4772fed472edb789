/**
 * Items that all take the same time: 100,000 of 4 µs and of 1 µs, numbers or objects of four
 * fields, and 1,000 of 4 ms.
 */

import { report } from '../harness.js'
import { JOBS } from '../programs.js'
import { stepsPerMicrosecond } from './calibrate.js'
import {
  bareProcesses,
  libraryVersions,
  type MapItems,
  noisemill,
  piscina,
  plainLoop,
  poolifier,
  tinypool,
  workerPool,
} from './contenders.js'
import { type Fields, spin } from './functions.js'
import { type Contenders, Trials, timed } from './trials.js'

interface Settings {
  readonly count: number
  readonly steps: number
  readonly areObjects: boolean
}

type Name = 'spin' | 'spinFields'

const itemsOf = ({ count, steps, areObjects }: Settings): readonly (number | Fields)[] =>
  Array.from({ length: count }, (_, id) => (areObjects ? { id, name: `item ${id}`, steps, value: 0 } : steps))

const maps =
  (map: (name: Name) => MapItems) =>
  (settings: Settings): (() => Promise<number>) => {
    const items = itemsOf(settings)
    const expected = spin(settings.steps)
    const mapItems = map(settings.areObjects ? 'spinFields' : 'spin')
    return async () => {
      const { milliseconds, value } = await timed(() => mapItems(items))
      check(value, items, expected)
      return milliseconds
    }
  }

function check(results: readonly unknown[], items: readonly (number | Fields)[], expected: number): void {
  const isRight = (item: number | Fields, i: number) => {
    if (typeof item === 'number') return results[i] === expected
    const { id, value } = results[i] as Fields
    return id === item.id && value === expected
  }
  if (results.length !== items.length || !items.every(isRight)) throw new Error('a contender gave a wrong result')
}

const REFERENCE = 'plain loop'
const PROCESSES = `${JOBS} processes without a pool`

export const contenders: Contenders<Settings> = {
  [REFERENCE]: maps(plainLoop),
  [PROCESSES]: ({ count, steps }) => {
    const spinShares = bareProcesses()
    const shares = Array.from({ length: JOBS }, (_, i) => Array(Math.ceil((count - i) / JOBS)).fill(steps))
    return async () => (await timed(() => spinShares(shares))).milliseconds
  },
  noisemill: maps((name) => noisemill(name)),
  piscina: maps((name) => piscina(name)),
  'piscina, 100 tasks a thread': maps((name) => piscina(name, 100)),
  tinypool: maps((name) => tinypool(name)),
  'tinypool, 100 tasks a thread': maps((name) => tinypool(name, 100)),
  poolifier: maps((name) => poolifier(name)),
  workerpool: maps((name) => workerPool(name)),
}

interface Part {
  readonly title: string
  /** Names of contenders. The first is the reference. */
  readonly names: readonly string[]
  readonly count: number
  readonly microseconds: number
  readonly areObjects?: boolean
}

const part =
  ({ title, names, count, microseconds, areObjects = false }: Part) =>
  async (rounds = 9, scale = 1): Promise<void> => {
    const steps = Math.round(microseconds * stepsPerMicrosecond())
    const settings: Settings = { count: Math.round(count * scale), steps, areObjects }
    using trials = await Trials.start(import.meta.url, names, settings)
    const notes = { ...settings, microseconds, scale, libraries: libraryVersions(), leftOut: trials.leftOut }
    report(title, 'milliseconds', await trials.compare(rounds), names[0], notes)
  }

const pools = Object.keys(contenders).filter((name) => name !== REFERENCE && name !== PROCESSES)

const names = [REFERENCE, ...pools]

export const tiny = part({ title: 'Pool tiny', names, count: 100_000, microseconds: 4 })

export const tinier = part({
  title: 'Pool tinier',
  names: [REFERENCE, 'noisemill'],
  count: 100_000,
  microseconds: 1,
})

export const objects = part({ title: 'Pool objects', names, count: 100_000, microseconds: 4, areObjects: true })

export const steady = part({ title: 'Pool steady', names: [PROCESSES, ...pools], count: 1000, microseconds: 4000 })
