/** What the workloads of pools have in common: the libraries, and the programs that use them. */

import { usableCpus } from '../../dist-lib/cpus.js'
import { missingPackage, missingPython, nodeProgram, pythonProgram } from '../harness/commands.js'
import type { Contender, Missing, Place } from '../harness/workload.js'
import type { Library } from '../programs/pool/libraries.js'
import type { MapSpec } from '../programs/pool/map.js'

/** Threads or processes of each pool. */
export const SIZE = usableCpus()

/**
 * Most tasks that a program has in a library at a time. tinypool and workerpool search or move their
 * whole queue for each task, so they take several times as long with all tasks at once.
 */
export const MOST_TASKS = 100 * SIZE

/** Names for people, and the package that a library needs. */
const packages: Readonly<Record<Library, { readonly label: string; readonly needs?: string }>> = {
  loop: { label: 'plain loop' },
  processes: { label: 'processes without a pool' },
  'p-map': { label: 'p-map, one thread', needs: 'p-map' },
  noisemill: { label: 'noisemill' },
  piscina: { label: 'Piscina', needs: 'piscina' },
  tinypool: { label: 'tinypool', needs: 'tinypool' },
  poolifier: { label: 'poolifier', needs: 'poolifier' },
  workerpool: { label: 'workerpool', needs: 'workerpool' },
}

/** Libraries that give each item to a thread as a task. */
export const taskLibraries = ['piscina', 'tinypool', 'poolifier', 'workerpool'] as const satisfies readonly Library[]

/** What a contender has beside its library. */
export interface More extends Pick<Contender, 'outputs' | 'series' | 'x' | 'isOnlyInFull' | 'kind'> {
  /** Follows the library's name in the contender's name and in its label. */
  readonly way?: readonly [name: string, label: string]
  /** Label without the library's name. */
  readonly label?: string
}

/** What a contender of a library has that does not depend on the workload. */
function described(library: Library | 'python', { way, label, ...more }: Partial<More>): Omit<Contender, 'command'> {
  const { label: own, needs } = library === 'python' ? { label: "Python's Pool" } : packages[library]
  return {
    kind: library === 'noisemill' || library === 'python' ? library : 'node',
    ...more,
    name: way === undefined ? library : `${library}-${way[0]}`,
    label: label ?? (way === undefined ? own : `${own}, ${way[1]}`),
    value: 'reported',
    ...(needs !== undefined && { missing: () => missingPackage(needs) }),
  } as Omit<Contender, 'command'>
}

/** A contender that runs a program of bench/programs/pool. */
export const running = (
  library: Library,
  program: string,
  args: (place: Place) => readonly string[],
  more: Partial<More> = {},
): Contender => ({
  ...described(library, more),
  command: (place) => nodeProgram(place, `pool/${program}.js`, ...args(place)),
})

/** A contender that calls a function for each item. */
export const mapping = (spec: Omit<MapSpec, 'use'> & Partial<Pick<MapSpec, 'use'>>, more: Partial<More> = {}) =>
  running(spec.library, 'map', () => [JSON.stringify({ ...spec, use: { size: SIZE, ...spec.use } })], more)

/** A contender that runs pool.py. Only some of its works need NumPy. */
export const python = (
  args: (place: Place) => readonly (string | number)[],
  more: Partial<More> & { needsNumpy?: boolean },
): Contender => {
  const { needsNumpy = false, ...others } = more
  return {
    ...described('python', others),
    missing: needsNumpy ? () => missingPython('numpy') : missingPlainPython,
    command: (place) => pythonProgram('pool/pool.py', ...args(place).map(String)),
  }
}

async function missingPlainPython(): Promise<Missing | undefined> {
  const isMissing = (await missingPython('multiprocessing')) !== undefined
  return isMissing ? { what: 'Python', install: 'apt-get install python3' } : undefined
}
