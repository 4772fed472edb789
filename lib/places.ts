/** Where the files of this package are. Modules are bundled into files beside this one: nothing else may ask where it is. */

import { fileURLToPath } from 'node:url'

/** The URL of a file, from the package's root on. */
export const placeOf = (file: string): URL => new URL(`../${file}`, import.meta.url)

/** The package's own folder. */
export const packageFolder = fileURLToPath(placeOf('.'))
