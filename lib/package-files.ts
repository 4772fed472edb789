/**
 * Finds the files of this package. No other module may use its own URL for that, because bundling
 * moves modules into other files.
 */

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The URL of this module. A bundle in CommonJS has no `import.meta.url`. The URL is then one of a
 * folder that does not exist, and `hasFiles` returns false.
 */
const here = import.meta.url ?? 'file:///C:/nowhere/'

/** Returns the URL of a file, given its path relative to the package's folder. */
export const packageFile = (file: string): URL => new URL(`../${file}`, here)

/** The package's own folder. */
export const packageFolder = fileURLToPath(packageFile('.'))

/**
 * Whether the package's files are there. They are missing if the package was bundled into another
 * program.
 */
export function hasFiles(): boolean {
  try {
    return (
      existsSync(packageFile('dist/thread-entry.js')) &&
      readFileSync(packageFile('package.json'), 'utf8').includes('"noisemill"')
    )
  } catch {
    return false
  }
}
