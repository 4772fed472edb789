// Builds the addon into build/Release: with node-gyp, on Windows with CMake and MinGW-w64. Without a compiler the package still works, on
// the workers backend: that is said in one line, and is a failure only where NOISEMILL_NATIVE is "require", and in the package.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { buildWindows } from './build-windows.mjs'

// In a clone there is more to build; who builds in the package wants nothing else.
const required = process.env.NOISEMILL_NATIVE === 'require' || !existsSync('lib')

function buildWithGyp() {
  const compiler = process.env.CXX ?? 'c++'
  const [command, ...flags] = compiler.split(' ')
  if (spawnSync(command, [...flags, '--version']).status !== 0)
    throw new Error(`no C++ compiler: "${compiler}" does not run`)
  const build = spawnSync(process.execPath, [findNodeGyp(), 'rebuild', '--loglevel=warn', '--jobs=max'], {
    encoding: 'utf8',
  })
  if (build.status === 0) return
  console.error(build.stdout + build.stderr)
  throw new Error('node-gyp failed, see above')
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

// What an earlier build left would be loaded, whatever this one says.
rmSync('build/Release/noisemill.node', { force: true })
try {
  if (process.platform === 'win32' && process.arch !== 'x64') throw new Error('on Windows it is for x64 only')
  if (process.platform === 'win32') buildWindows('build/Release')
  else buildWithGyp()
} catch (error) {
  const then = existsSync('lib') ? '; noise will run on the workers backend' : ''
  console.error(`noisemill: the addon was not built (${error.message})${then}.`)
  process.exit(required ? 1 : 0)
}
