// `npm run prebuilds [-- NAME...]`: builds binaries of the package into prebuilds: the named ones,
// or all that this machine can build. Their bytes depend on the sources alone: each is built in a
// separate folder, with pinned versions of the libraries that are linked in.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import prebuildify from 'prebuildify'
import { buildWindows } from '../build-windows.mjs'
import { isTooNew, versionsOf } from './symbols.mjs'
import { sysrootFor } from './sysroot.mjs'

const TRIPLES = { 'linux-x64': 'x86_64-linux-gnu', 'linux-arm64': 'aarch64-linux-gnu' }
const isMusl = existsSync('/etc/alpine-release')

/** Files that node-gyp needs to build the addon. */
const SOURCES = ['native', 'binding.gyp', 'package.json', 'scripts/commands.mjs', 'scripts/core-sources.mjs']

const possible = {
  linux: isMusl ? [`linux-${process.arch}`] : [...Object.keys(TRIPLES), 'win32-x64'],
  darwin: ['darwin-x64', 'darwin-arm64'],
  win32: ['win32-x64'],
}

async function build(name) {
  const [platform, arch] = name.split('-')
  if (platform === 'win32') return buildWindows()
  const folder = path.resolve('build-checks/prebuild')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const part of SOURCES) cpSync(part, path.join(folder, part), { recursive: true })
  const options = { cwd: folder, out: process.cwd(), arch, targets: ['20.0.0'], napi: true, strip: true }
  const isLinux = platform === 'linux'
  await inEnvironment(isLinux ? compilerFor(name) : {}, () =>
    promisify(prebuildify)({
      ...options,
      tagLibc: isLinux,
      ...(isLinux && !isMusl && { stripBin: 'llvm-strip' }),
    }),
  )
  if (isLinux && !isMusl) checkSymbols(`prebuilds/${name}/noisemill.glibc.node`)
}

/** Runs work with changed environment variables, because prebuildify has no options for them. */
async function inEnvironment(variables, work) {
  const before = Object.keys(variables).map((variable) => [variable, process.env[variable]])
  Object.assign(process.env, variables)
  await work()
  for (const [variable, value] of before) {
    if (value === undefined) delete process.env[variable]
    else process.env[variable] = value
  }
}

/**
 * Returns the compiler's environment variables. For glibc: clang and lld, which compile for any
 * machine, with the libraries of Debian 11. For musl: the tools of Alpine. The C++ library is
 * linked in, because systems have different versions of it or none. Its symbols are hidden, so that
 * other binaries do not use them.
 */
function compilerFor(name) {
  const LDFLAGS = '-static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL'
  if (isMusl) return { LDFLAGS }
  const target = `--target=${TRIPLES[name]} --sysroot=${sysrootFor(name.split('-')[1])}`
  const CXX = `clang++ ${target}`
  return { CC: `clang ${target}`, CXX, LINK: CXX, AR: 'llvm-ar', LDFLAGS: `-fuse-ld=lld ${LDFLAGS}` }
}

function checkSymbols(file) {
  const refused = versionsOf(file).filter(isTooNew)
  if (refused.length > 0)
    throw new Error(`${file} asks for ${refused.join(', ')}, which not every system has on which Node 20 runs`)
}

const here = possible[process.platform] ?? []
const names = process.argv.length > 2 ? process.argv.slice(2) : here
for (const name of names) {
  if (!here.includes(name)) throw new Error(`${name} cannot be built here, but ${here.join(', ') || 'nothing'}`)
  await build(name)
  console.log(`prebuilds/${name} is built`)
}
