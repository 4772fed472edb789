/** The ways in which noisemill adds noise to the files of a folder, as contenders. */

import { missingAddon, missingWasm, nodeProgram, noisemillCommand } from './commands.js'
import { SIGMA } from './settings.js'
import type { Contender, Place } from './workload.js'

/** A way, with its name for people who do not know the project, and the flags of `noisemill add`. */
interface Way {
  readonly label: string
  readonly flags?: readonly string[]
  readonly missing?: Contender['missing']
}

/**
 * The command's backend `processes` runs functions of users in processes, and adds noise in threads.
 * So the way `processes` is a program: a pool of processes, each of which adds noise to whole files.
 */
const ways = {
  native: { label: 'native threads', flags: ['--backend', 'native'], missing: missingAddon },
  workers: {
    label: 'worker threads, WebAssembly',
    flags: ['--backend', 'workers', '--kernel', 'wasm'],
    missing: missingWasm,
  },
  'workers-ts': { label: 'worker threads, TypeScript', flags: ['--backend', 'workers', '--kernel', 'ts'] },
  processes: { label: 'processes, WebAssembly', missing: missingWasm },
  inline: {
    label: 'one JS thread, WebAssembly',
    flags: ['--backend', 'inline', '--kernel', 'wasm'],
    missing: missingWasm,
  },
} satisfies Readonly<Record<string, Way>>

export type WayName = keyof typeof ways

export const labelOf = (way: WayName): string => ways[way].label

/** What a way works on, and where it stands in its workload. */
export interface WaySettings
  extends Pick<Contender, 'x' | 'scale' | 'isOnlyInFull' | 'isCompared' | 'outputs' | 'series'> {
  /** Folder of the input files, which may have folders. */
  readonly input: (place: Place) => string
  /** Files that are worked on at the same time. */
  readonly jobs: number
  /** Unique name in the workload; by default that of the way, and `x` if there is one. */
  readonly name?: string
  /** What is said after the way's name. */
  readonly about?: string
}

/** A contender that adds noise to all files of a folder. If it has an `x`, it belongs to the series of its way. */
export function wayContender(way: WayName, { input, jobs, name, about, ...rest }: WaySettings): Contender {
  const { label, flags, missing }: Way = ways[way]
  return {
    name: name ?? (rest.x === undefined ? way : `${way}-${rest.x}`),
    label: about === undefined ? label : `${label}, ${about}`,
    kind: 'noisemill',
    ...(rest.x !== undefined && { series: label }),
    ...(missing && { missing }),
    ...rest,
    value: 'whole',
    command: (place) =>
      flags === undefined
        ? nodeProgram(place, 'noise-processes.js', input(place), place.out, String(jobs), String(SIGMA))
        : noisemillCommand(
            place,
            ...['add', input(place), '--out', place.out, '--sigma', String(SIGMA), '--quiet'],
            ...['--jobs', String(jobs), ...flags],
          ),
  }
}
