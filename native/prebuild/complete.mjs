// Whether all binaries are there that a release has; without one of them it is not published.
import { existsSync } from 'node:fs'
import { names } from './names.mjs'

const missing = names.filter((name) => !existsSync(`prebuilds/${name}`))
for (const name of missing) console.error(`prebuilds/${name} is missing`)
process.exitCode = missing.length === 0 ? 0 : 1
