/** Where the running code is: in a worker of a pool, or elsewhere. */

const MARK = Symbol.for('noisemill.isPoolWorker')
const here = globalThis as { [MARK]?: true }

/**
 * Whether the running code is in a worker of a pool, thread or child process. A program in one file
 * starts its pool behind `if (!isPoolWorker)`, because each worker loads the file to find the
 * function. It is false in the main program, in worker threads and child processes of your own, and
 * in functions that the backend inline calls.
 *
 * @example
 * import { isPoolWorker, moduleTask, Pool } from 'noisemill'
 *
 * export const square = (n: number) => n * n
 *
 * if (!isPoolWorker) {
 *   const pool = new Pool()
 *   console.log(await pool.map(moduleTask<typeof square>(import.meta.url, 'square'), [1, 2, 3])) // -> [ 1, 4, 9 ]
 *   await pool.close()
 * }
 */
// A mark on the global object reaches all copies of this package in a worker, and nothing that the
// worker starts inherits it.
export let isPoolWorker: boolean = here[MARK] === true

/** Marks the running thread or process as a worker of a pool. Call it before a user's module is loaded. */
export function markPoolWorker(): void {
  here[MARK] = true
  isPoolWorker = true
}
