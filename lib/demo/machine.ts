/** Describes the machine that a demo's figures come from. */

import { cpus } from 'node:os'
import { usableCpus } from '../cpus.js'
import { plural } from '../show.js'

export const machine = (): string =>
  `Node ${process.version}, ${plural(usableCpus(), 'core')}, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}`
