/** Keys of runs in Redis, beside those of BullMQ. They are not signed: whoever writes to Redis can stop work anyway. */

import { PREFIX } from './connection.js'

/** A producer renews it while it lives. */
export const aliveKey = (run: string): string => `${PREFIX}:run:${run}:alive`

/** A producer sets it when nobody wants the jobs of a message any more. */
export const cancelledKey = (run: string, chunk: number): string => `${PREFIX}:run:${run}:cancelled:${chunk}`

/** How long the jobs of a producer are done after it has died, in milliseconds. */
export const ALIVE_MILLISECONDS = 30_000
