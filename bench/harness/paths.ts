/** Where the benchmark's own files are. */

import { fileURLToPath } from 'node:url'

/** Root of the project. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Path of a program in bench/programs; those in TypeScript are compiled into dist-bench. */
export const programFile = (name: string): string =>
  fileURLToPath(new URL(name.endsWith('.js') ? `../programs/${name}` : `../../bench/programs/${name}`, import.meta.url))
