// `npm run build`: builds everything in a clone. An installed package already contains all but the
// addon, so only that is built there.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { root, runInTerminal } from './commands.mjs'

const isClone = existsSync(path.join(root, 'lib'))
/**
 * Two sequences of steps that run at the same time. They take about as long as each other and write
 * to different folders.
 */
const lanes = isClone ? [['build:ts', 'build:wasm'], ['build:addon']] : [['build:addon']]

/** npm needs a shell on Windows, because it is a batch file there. */
const npm = { shell: process.platform === 'win32' }

async function build(steps) {
  for (const step of steps) {
    const code = await runInTerminal('npm', ['run', '--silent', step], npm)
    if (code !== 0) return code
  }
  return 0
}

const codes = await Promise.all(lanes.map(build))
process.exitCode = codes.find((code) => code !== 0) ?? 0
