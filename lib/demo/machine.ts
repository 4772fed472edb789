/** Describes the machine that a demo's figures come from. */

import { cpus, release } from 'node:os'
import { usableCpus } from '../cpus.js'
import { plural } from '../show.js'

export const machine = (): string =>
  `Node ${process.version}, ${plural(usableCpus(), 'core')}, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}`

/** What figures depend on, for a table: the name of each fact, and the fact. */
export const machineFacts = (): string[][] => [
  ['CPU', cpus()[0]?.model.trim() ?? 'unknown'],
  ['cores that Node may use', String(usableCpus())],
  ['system', `${process.platform} ${release()} ${process.arch}`],
  ['Node', process.version],
  ['date', new Date().toISOString().slice(0, 10)],
]
