// `npm run prebuild [-- PLATFORM...]`: builds the binaries that the package carries into prebuilds, all that this machine can unless
// some are named. Each is of the sources alone: in a folder of its own, against libraries that are pinned where they are linked in.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import prebuildify from 'prebuildify'
import { buildWindows } from '../build-windows.mjs'
import { isTooNew, versionsOf } from './symbols.mjs'
import { sysrootFor } from './sysroot.mjs'

const TRIPLES = { 'linux-x64': 'x86_64-linux-gnu', 'linux-arm64': 'aarch64-linux-gnu' }
const isMusl = existsSync('/etc/alpine-release')

const possible = {
  linux: isMusl ? [`linux-${process.arch}`] : [...Object.keys(TRIPLES), 'win32-x64'],
  darwin: ['darwin-x64', 'darwin-arm64'],
  win32: ['win32-x64'],
}

async function build(name) {
  const [platform, arch] = name.split('-')
  if (platform === 'win32') return buildWindows()
  if (platform === 'linux') setCompiler(isMusl ? undefined : await clangFor(name))
  const folder = path.resolve('build-checks/prebuild')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const part of ['native', 'binding.gyp', 'package.json'])
    cpSync(part, path.join(folder, part), { recursive: true })
  const options = { cwd: folder, out: process.cwd(), arch, targets: ['20.0.0'], napi: true, strip: true, tagLibc: true }
  await promisify(prebuildify)({ ...options, ...(platform === 'linux' && !isMusl && { stripBin: 'llvm-strip' }) })
  if (platform === 'linux' && !isMusl) checkSymbols(`prebuilds/${name}/noisemill.glibc.node`)
}

/** clang and lld, which compile for any machine, and the libraries of Debian 11. */
async function clangFor(name) {
  const target = `--target=${TRIPLES[name]} --sysroot=${await sysrootFor(name.split('-')[1])}`
  return { CC: `clang ${target}`, CXX: `clang++ ${target}`, AR: 'llvm-ar', linker: '-fuse-ld=lld' }
}

/** The C++ library goes into the binary: systems differ in which they have, if any, and nobody shall see what ours exports. */
function setCompiler({ linker = '', ...tools } = {}) {
  const flags = `${linker} -static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL`
  Object.assign(process.env, tools, tools.CXX && { LINK: tools.CXX }, { LDFLAGS: flags.trim() })
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
