/** What all workloads on files have in common. */

import { usableCpus } from '../../dist-lib/cpus.js'

/** Files at a time, if nothing else is said: one for each CPU, as noisemill has by default. */
export const JOBS = usableCpus()

/** Standard deviation of the noise that all contenders add, as in the talk. Full scale is 1. */
export const SIGMA = 0.1
