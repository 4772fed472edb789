/**
 * The times at which the calls of a load must have ended, in memory that the thread and its pool
 * share. A thread that is in an endless loop cannot end a call that takes too long: its pool then
 * ends the thread.
 */

/** Makes deadlines for a number of jobs, none of which has begun. */
export const newDeadlines = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count))

/**
 * Returns a clock's milliseconds. All threads of a process have the same clock. It wraps around, so
 * that only the difference of two times has a meaning.
 */
function now(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return (seconds * 1000 + nanoseconds / 1e6) | 0
}

/** Notes that a job begins, and may take some milliseconds. */
export const begin = (deadlines: Int32Array, index: number, timeout: number): void => {
  // 0 means that the job is not in progress.
  Atomics.store(deadlines, index, (now() + timeout) | 0 || 1)
}

/** Notes that a job has ended. */
export const end = (deadlines: Int32Array, index: number): void => {
  Atomics.store(deadlines, index, 0)
}

/** Returns by how many milliseconds a job has exceeded its time; 0 or less if it has not. */
export function overdue(deadlines: Int32Array, index: number): number {
  const deadline = Atomics.load(deadlines, index)
  return deadline === 0 ? 0 : (now() - deadline) | 0
}
