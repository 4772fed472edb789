/** All workloads, in the order of the report. */

import type { Workload } from '../harness/workload.js'
import { channels } from './channels.js'
import { coded } from './coded.js'
import { counts } from './counts.js'
import { jobs } from './jobs.js'
import { jsThread } from './js-thread.js'
import { kernels } from './kernels.js'
import { kinds } from './kinds.js'
import { lengths } from './lengths.js'
import { long } from './long.js'
import { many } from './many.js'
import { pitfalls } from './pitfalls.js'
import { pool } from './pool.js'
import { queue } from './queue.js'
import { start } from './start.js'
import { talk } from './talk.js'
import { tools } from './tools.js'

export const workloads: readonly Workload[] = [
  talk,
  tools,
  ...pitfalls,
  ...[jobs, lengths, counts, channels, many, long, coded],
  ...[jsThread, start, kernels, kinds],
  ...pool,
  ...queue,
]
