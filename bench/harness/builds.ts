/** Gets two builds of noisemill ready: the current tree, and another one to compare it with. */

import { cpSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import type { Two } from './compared.js'
import { ROOT } from './paths.js'
import { runProcess } from './process.js'
import { UsageError } from './usage-error.js'

/** What --against names. */
export type Target =
  | { readonly kind: 'tarball'; readonly path: string }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'ref'; readonly commit: string }

export interface BuildOptions {
  readonly signal: AbortSignal
  /** Called with what is being done. */
  readonly say: (text: string) => void
}

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** What a package needs to run; all else in a clone is left out. */
const PARTS = ['package.json', 'dist', 'build/Release/noisemill.node', 'prebuilds']

/**
 * Finds out what a person means: a file is a tarball, a folder with a package is a build, and
 * anything else is a commit, branch or tag of git.
 *
 * @throws UsageError
 */
export async function findTarget(name: string, signal: AbortSignal): Promise<Target> {
  const file = path.resolve(name)
  if (name !== '' && existsSync(file)) {
    if (statSync(file).isFile()) return { kind: 'tarball', path: file }
    if (existsSync(path.join(file, 'dist/index.js'))) return { kind: 'folder', path: file }
  }
  const { code, stdout } = await runProcess('git', ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], {
    cwd: ROOT,
    signal,
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return { code: 1, stdout: '' }
  })
  if (code !== 0 || name.startsWith('-'))
    throw new UsageError(`--against: ${name} is no file, no folder with a built package, and no commit of this clone`)
  return { kind: 'ref', commit: stdout.trim() }
}

/**
 * Puts both builds into folders whose paths have the same length, because the place of a package
 * affects its speed a little.
 *
 * @param folder where both go. It must allow programs, which /dev/shm does not in containers.
 * @throws UsageError if the other build cannot be made
 */
export async function makeBuilds(target: Target, folder: string, options: BuildOptions): Promise<Two<string>> {
  const builds = { before: path.join(folder, 'old'), now: path.join(folder, 'new') }
  mkdirSync(builds.now)
  copyBuild(ROOT, builds.now)
  link(path.join(ROOT, 'node_modules'), builds.now)
  mkdirSync(builds.before)
  if (target.kind === 'folder') {
    copyBuild(target.path, builds.before)
    await addDependencies(builds.before, target.path, options)
  } else if (target.kind === 'tarball') {
    await run('tar', ['-xzf', target.path, '--strip-components=1'], builds.before, options)
    if (!existsSync(path.join(builds.before, 'dist/index.js')))
      throw new UsageError(`--against: ${target.path} is no package of noisemill`)
    await addDependencies(builds.before, undefined, options)
    await buildAddon(builds.before, options)
  } else {
    await buildCommit(target.commit, path.join(folder, 'source'), builds.before, options)
  }
  return builds
}

function copyBuild(from: string, to: string): void {
  for (const part of PARTS) {
    const source = path.join(from, part)
    if (!existsSync(source)) continue
    mkdirSync(path.dirname(path.join(to, part)), { recursive: true })
    cpSync(source, path.join(to, part), { recursive: true, dereference: true })
  }
}

const link = (modules: string, folder: string): void =>
  symlinkSync(modules, path.join(folder, 'node_modules'), 'junction')

const readPackage = (folder: string): PackageJson => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))

/** Whether this clone has installed what the other needs. */
function isSame(needed: PackageJson['dependencies'] = {}, installed: PackageJson['dependencies'] = {}): boolean {
  return Object.entries(needed).every(
    ([name, range]) => installed[name] === range && existsSync(path.join(ROOT, 'node_modules', name)),
  )
}

/** Links the packages of this clone if they are the right ones, and installs them otherwise. */
async function addDependencies(folder: string, origin: string | undefined, options: BuildOptions): Promise<void> {
  if (isSame(readPackage(folder).dependencies, readPackage(ROOT).dependencies)) {
    link(path.join(ROOT, 'node_modules'), folder)
    return
  }
  const own = origin && path.join(origin, 'node_modules')
  if (own && existsSync(own)) {
    link(own, folder)
    return
  }
  options.say('installing what the other build needs')
  await run('npm', ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], folder, options)
}

/** A tarball may have no binary for this machine: then it is compiled, as its users would do. */
async function buildAddon(folder: string, options: BuildOptions): Promise<void> {
  const has = existsSync(path.join(folder, 'prebuilds', `${process.platform}-${process.arch}`))
  if (has || !existsSync(path.join(folder, 'scripts/build.mjs'))) return
  options.say('compiling the addon of the other build')
  await run(process.execPath, ['scripts/build.mjs'], folder, options)
}

async function buildCommit(commit: string, source: string, to: string, options: BuildOptions): Promise<void> {
  options.say(`building ${commit.slice(0, 12)}`)
  mkdirSync(source)
  await run('sh', ['-c', `git archive ${commit} | tar -x -C "$1"`, 'sh', source], ROOT, options)
  const [needed, installed] = [readPackage(source), readPackage(ROOT)]
  const areSame =
    isSame(needed.dependencies, { ...installed.devDependencies, ...installed.dependencies }) &&
    isSame(needed.devDependencies, { ...installed.devDependencies, ...installed.dependencies })
  if (areSame) link(path.join(ROOT, 'node_modules'), source)
  else await run('npm', ['ci', '--no-audit', '--no-fund'], source, options)
  await run('npm', ['run', '--silent', 'build'], source, options)
  copyBuild(source, to)
  link(path.join(source, 'node_modules'), to)
}

async function run(file: string, args: readonly string[], cwd: string, { signal }: BuildOptions): Promise<void> {
  const { code, stdout, stderr } = await runProcess(file, args, { cwd, signal })
  if (code === 0) return
  const last = `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n')
  throw new UsageError(`--against: ${[file, ...args].join(' ')} failed:\n${last}`)
}

/**
 * Asks both builds what computes their noise, such as `native, avx2`.
 *
 * @throws UsageError if a build cannot be loaded
 */
export async function describeBuilds(builds: Two<string>, signal: AbortSignal): Promise<Two<string>> {
  const of = async (folder: string): Promise<string> => {
    const program = `import { Pool } from './dist/index.js'
const { backend, kernel, instructionSet } = new Pool().info
console.log([backend, instructionSet ?? kernel].join(', '))`
    const ended = await runProcess(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, signal })
    if (ended.code !== 0) throw new UsageError(`--against: a build cannot be loaded: ${ended.stderr.trim()}`)
    return ended.stdout.trim()
  }
  return { before: await of(builds.before), now: await of(builds.now) }
}
