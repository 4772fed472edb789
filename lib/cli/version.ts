import { readFileSync } from 'node:fs'
import { placeOf } from '../places.js'

/** The package's version. */
export const { version } = JSON.parse(readFileSync(placeOf('package.json'), 'utf8')) as {
  version: string
}
