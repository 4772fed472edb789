/** Where the benchmark's own files are. */

import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Root of the project. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Path of a program in bench/programs; those in TypeScript are compiled into dist-bench. */
export const programFile = (name: string): string =>
  path.join(ROOT, name.endsWith('.js') ? 'dist-bench/programs' : 'bench/programs', name)
