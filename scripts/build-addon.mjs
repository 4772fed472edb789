// `npm run build:addon`: builds the addon into build/Release, with node-gyp, or on Windows with CMake and MinGW-w64. Without a compiler the
// package still works, on the workers backend: this says so in one line, and fails only if NOISEMILL_NATIVE is "require", or in the package.
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { buildWindows } from './build-windows.mjs'
import { isThere, root, run } from './commands.mjs'

// In a clone there is more to build; who builds in the package wants nothing else.
const isClone = existsSync(path.join(root, 'lib'))
const isRequired = process.env.NOISEMILL_NATIVE === 'require' || !isClone

/** Compiles what has changed since the last build, in its sources or in how they are compiled. */
function buildWithGyp() {
  const compiler = process.env.CXX ?? 'c++'
  const [command, ...flags] = compiler.split(' ')
  if (!isThere(command, flags)) throw new Error(`no C++ compiler: "${compiler}" does not run`)
  run(process.execPath, [findNodeGyp(), 'configure', 'build', '--loglevel=warn', '--jobs=max'])
}

/** Whoever has only the package has npm's own. */
function findNodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  } catch {
    if (process.env.npm_config_node_gyp) return process.env.npm_config_node_gyp
    throw new Error('node-gyp is missing: run this with npm')
  }
}

// The addon of an earlier build would be loaded even if this one fails.
rmSync(path.join(root, 'build/Release/noisemill.node'), { force: true })
try {
  if (process.platform === 'win32' && process.arch !== 'x64') throw new Error('on Windows it is for x64 only')
  if (process.platform === 'win32') buildWindows('build/Release')
  else buildWithGyp()
} catch (error) {
  const then = isClone ? '; noise will run on the workers backend' : ''
  console.error(`noisemill: the addon was not built (${error.message})${then}.`)
  process.exitCode = isRequired ? 1 : 0
}
