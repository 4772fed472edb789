// Builds the addon with node-gyp. Without a compiler the package still works, on the workers backend: that is said in one
// line, and is a failure only where NOISEMILL_NATIVE is "require".
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'

const required = process.env.NOISEMILL_NATIVE === 'require'
const compiler = process.env.CXX ?? (process.platform === 'win32' ? 'clang-cl' : 'c++')

// What an earlier build left would be loaded, whatever this one says.
rmSync('build/Release/noisemill.node', { force: true })

function fail(reason) {
  console.error(`noisemill: the addon was not built (${reason}); noise will run on the workers backend.`)
  process.exit(required ? 1 : 0)
}

const [command, ...flags] = compiler.split(' ')
if (spawnSync(command, [...flags, '--version']).status !== 0) fail(`no C++ compiler: "${compiler}" does not run`)

const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
const build = spawnSync(process.execPath, [nodeGyp, 'rebuild', '--loglevel=warn', '--jobs=max'], { encoding: 'utf8' })
if (build.status !== 0) {
  console.error(build.stdout + build.stderr)
  fail('node-gyp failed, see above')
}
