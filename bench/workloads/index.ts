/** All workloads, in the order of the report. */

import type { Workload } from '../harness/workload.js'
import { start } from './start.js'
import { talk } from './talk.js'

export const workloads: readonly Workload[] = [talk, start]
