// Fails if a binary of the release is missing. npm then does not publish the package.
import { existsSync } from 'node:fs'
import { names } from './names.mjs'

const missing = names.filter((name) => !existsSync(`prebuilds/${name}`))
for (const name of missing) console.error(`prebuilds/${name} is missing`)
process.exitCode = missing.length === 0 ? 0 : 1
