// Builds the addon with node-gyp. Without a compiler the package still works, on the workers backend: that is said in one
// line, and is a failure only where NOISEMILL_NATIVE is "require", and in the package.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'

// In a clone there is more to build; who builds in the package wants nothing else.
const required = process.env.NOISEMILL_NATIVE === 'require' || !existsSync('lib')
const compiler = process.env.CXX ?? (process.platform === 'win32' ? 'clang-cl' : 'c++')

// What an earlier build left would be loaded, whatever this one says.
rmSync('build/Release/noisemill.node', { force: true })

function fail(reason) {
  console.error(`noisemill: the addon was not built (${reason}); noise will run on the workers backend.`)
  process.exit(required ? 1 : 0)
}

/** Whoever has only the package has npm's own. */
function findNodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  } catch {
    return process.env.npm_config_node_gyp ?? fail('node-gyp is missing: run this with npm')
  }
}

const [command, ...flags] = compiler.split(' ')
if (spawnSync(command, [...flags, '--version']).status !== 0) fail(`no C++ compiler: "${compiler}" does not run`)

const build = spawnSync(process.execPath, [findNodeGyp(), 'rebuild', '--loglevel=warn', '--jobs=max'], {
  encoding: 'utf8',
})
if (build.status !== 0) {
  console.error(build.stdout + build.stderr)
  fail('node-gyp failed, see above')
}
