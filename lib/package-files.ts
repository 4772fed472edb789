/** Where the files of this package are. Modules are bundled into files beside this one: nothing else may ask where it is. */

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Not there in a CommonJS bundle that somebody made of this. Then nothing is found, and pools say so. */
const here = import.meta.url ?? 'file:///C:/nowhere/'

/** The URL of a file, from the package's root on. */
export const packageFile = (file: string): URL => new URL(`../${file}`, here)

/** The package's own folder. */
export const packageFolder = fileURLToPath(packageFile('.'))

/** Whether they are there: not where the package was made part of another's bundle. */
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
