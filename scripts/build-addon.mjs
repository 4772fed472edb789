// `npm run build:addon`: builds the addon into build/Release, with node-gyp, or with CMake and
// MinGW-w64 on Windows. Without a compiler it prints one line, because the package also works
// without the addon, on the workers backend. It fails only if NOISEMILL_NATIVE is "require", or in
// an installed package.
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { buildWindows } from './build-windows.mjs'
import { canRun, root, run } from './commands.mjs'

// A clone is useful without the addon. Somebody who builds in an installed package wants only the
// addon, so it is required there.
const isClone = existsSync(path.join(root, 'lib'))
const isRequired = process.env.NOISEMILL_NATIVE === 'require' || !isClone

/** Builds with node-gyp, which compiles whatever has changed in the sources or in the flags. */
function buildWithGyp() {
  const compiler = process.env.CXX ?? 'c++'
  const [command, ...flags] = compiler.split(' ')
  if (!canRun(command, flags)) throw new Error(`no C++ compiler: "${compiler}" does not run`)
  run(process.execPath, [findNodeGyp(), 'configure', 'build', '--loglevel=warn', '--jobs=max'])
}

/** Returns the path of node-gyp. An installed package uses npm's own copy. */
function findNodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  } catch {
    if (process.env.npm_config_node_gyp) return process.env.npm_config_node_gyp
    throw new Error('node-gyp is missing: run this with npm')
  }
}

// Removes the addon of an earlier build, which would otherwise be loaded if this build fails.
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
