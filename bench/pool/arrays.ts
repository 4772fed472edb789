/** 20 arrays of 10 MB, allocated beforehand: copied to a thread, transferred to it, or named. */

import type { ModuleTaskOptions } from '../../dist/index.js'
import { report } from '../harness.js'
import {
  buffer,
  libraryVersions,
  type MapItems,
  noisemill,
  piscina,
  poolifier,
  tinypool,
  workerPool,
} from './contenders.js'
import { type Contenders, Trials, timed } from './trials.js'

const BYTES = 10_000_000

interface Settings {
  readonly count: number
}

/** Makes the items before each round, and resolves to the milliseconds an item. */
const timing =
  (mapItems: () => MapItems, item: (i: number) => unknown) =>
  ({ count }: Settings) => {
    const map = mapItems()
    return async () => {
      gc!()
      const items = Array.from({ length: count }, (_, i) => item(i))
      return (await timed(() => map(items))).milliseconds / count
    }
  }

const array = () => new Float64Array(BYTES / Float64Array.BYTES_PER_ELEMENT).fill(1)
const arrays = (mapItems: () => MapItems) => timing(mapItems, array)

const NAMED = 'noisemill, names'

export const contenders: Contenders<Settings> = {
  [NAMED]: timing(
    () => noisemill('lengthOf'),
    (i) => `array ${i}`,
  ),
  'noisemill, transferred': arrays(() => noisemill('lastOf', {}, { transfer: true } as ModuleTaskOptions)),
  'piscina, transferred': arrays(() => piscina('lastOf', 1, buffer)),
  'tinypool, transferred': arrays(() => tinypool('lastOf', 1, buffer)),
  'poolifier, transferred': arrays(() => poolifier('lastOf', false, buffer)),
  'workerpool, transferred': arrays(() => workerPool('lastOf', buffer)),
  'noisemill, copied': arrays(() => noisemill('lastOf')),
  'piscina, copied': arrays(() => piscina('lastOf')),
  'tinypool, copied': arrays(() => tinypool('lastOf')),
  'poolifier, copied': arrays(() => poolifier('lastOf')),
  'workerpool, copied': arrays(() => workerPool('lastOf')),
}

export async function arrayItems(rounds = 15, scale = 1): Promise<void> {
  const settings: Settings = { count: Math.round(20 * scale) }
  using trials = await Trials.start(import.meta.url, Object.keys(contenders), settings)
  const notes = { ...settings, bytes: BYTES, scale, libraries: libraryVersions(), leftOut: trials.leftOut }
  report('Pool arrays', 'milliseconds an item', await trials.compare(rounds), NAMED, notes, 'difference')
}
