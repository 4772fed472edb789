/** All workloads, in the order of the report. */

import type { Workload } from '../harness/workload.js'
import { pitfalls } from './pitfalls.js'
import { pool } from './pool.js'
import { start } from './start.js'

export const workloads: readonly Workload[] = [...pitfalls, ...pool, start]
