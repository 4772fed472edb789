// `npm run build`: builds everything in a clone. The package has all but the addon ready-made, and there this builds one for its machine.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { root, show } from './commands.mjs'

const isClone = existsSync(path.join(root, 'lib'))
/** Each lane takes about as long as the other, and they write to different folders. */
const lanes = isClone ? [['build:ts', 'build:wasm'], ['build:addon']] : [['build:addon']]

/** By a shell: on Windows npm is a batch file. */
const npm = { shell: process.platform === 'win32' }

async function build(steps) {
  for (const step of steps) {
    const code = await show('npm', ['run', '--silent', step], npm)
    if (code !== 0) return code
  }
  return 0
}

const codes = await Promise.all(lanes.map(build))
process.exitCode = codes.find((code) => code !== 0) ?? 0
