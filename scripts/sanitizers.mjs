// `npm run test:asan | test:ubsan | test:tsan [-- FILTER...]`: builds the addon with a sanitizer
// and runs the tests with it. If any process of the run reports a fault, the run fails and prints
// the report at its end. This includes the children of tests.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { root, run, runInTerminal } from './commands.mjs'

const SANITIZERS = {
  // The fuzz targets look for leaks. Node itself frees much of its memory only when the process
  // ends.
  address: { library: 'libasan.so', options: ['ASAN_OPTIONS', 'detect_leaks=0'] },
  undefined: { library: 'libubsan.so', options: ['UBSAN_OPTIONS', 'print_stacktrace=1'] },
  // ThreadSanitizer sees only locks and similar calls in code that was built without it, such as
  // Node. A process that calls process.exit leaves idle threads running.
  thread: {
    library: 'libtsan.so',
    options: ['TSAN_OPTIONS', 'ignore_noninstrumented_modules=1:second_deadlock_stack=1:report_thread_leaks=0'],
  },
}

function fail(reason) {
  console.error(`sanitizers: ${reason}`)
  process.exit(2)
}

const [name, ...filters] = process.argv.slice(2)
const sanitizer = SANITIZERS[name]
if (!sanitizer) fail(`usage: sanitizers.mjs ${Object.keys(SANITIZERS).join('|')} [FILTER...]`)

const SHELL = 'no shell starts with the runtime of ThreadSanitizer in it'
/** Tests that cannot run, by a part of their names, with the reasons. */
const NOT_RUN = {
  undefined: {
    'for open files':
      'its runtime looks at an object through a pipe, and takes it for none where no descriptor is left for one',
  },
  thread: {
    'little room': SHELL,
    'for results that cannot be written to a full volume': SHELL,
    'a live line shows how far a run is': SHELL,
    'failures are coloured, but not with NO_COLOR': SHELL,
    'an interrupt ends a run over a folder that has no end': SHELL,
    'needs few descriptors at a time': SHELL,
    'exits with 4 where there is no room for the journal': SHELL,
    'files as SoX and ffmpeg write them are done': SHELL,
    'little memory for addresses': SHELL,
    'nested too deeply to be read: 100000 levels':
      'a plain Node crashes of such a message to a worker thread, having less stack',
  },
}
const notRun = Object.entries(NOT_RUN[name] ?? {})
for (const [test, reason] of notRun) console.error(`sanitizers: not run: "${test}", since ${reason}`)
/** Folders whose tests cannot run, with the reasons. */
const NOT_RUN_FOLDERS = { thread: { 'test/package/**': SHELL } }
const folders = Object.entries(NOT_RUN_FOLDERS[name] ?? {})
for (const [folder, reason] of folders) console.error(`sanitizers: not run: ${folder}, since ${reason}`)
const others = notRun.length > 0 ? [`--testNamePattern=^(?!.*(${notRun.map(([test]) => test).join('|')}))`] : []

/** Options for slow tests: everything takes several times as long. */
const SLOW = ['--no-file-parallelism', '--testTimeout=300000', '--hookTimeout=300000']

/** Where node-gyp-build looks for the addon, because NOISEMILL_PREBUILD is set to it. */
const place = path.join(root, 'build-checks', name)
const reports = path.join(place, 'reports')

const compiler = 'g++'
const cmakeJs = path.join(root, 'node_modules/cmake-js/bin/cmake-js')
const flags = ['compile', '--directory', path.join(root, 'native'), '--out', path.join(place, 'build')]
try {
  run(process.execPath, [cmakeJs, ...flags, `--CDSAN=${name}`, `--CDCMAKE_CXX_COMPILER=${compiler}`])
} catch (error) {
  fail(`the addon was not built: ${error.message}`)
}

const runtime = run(compiler, [`-print-file-name=${sanitizer.library}`]).trim()
if (!existsSync(runtime)) fail(`${compiler} has no ${sanitizer.library}`)

rmSync(reports, { recursive: true, force: true })
mkdirSync(reports)
const [variable, options] = sanitizer.options
const env = {
  ...process.env,
  LD_PRELOAD: runtime,
  NOISEMILL_PREBUILD: place,
  NOISEMILL_NATIVE: 'require',
  NOISEMILL_SANITIZER: name,
  [variable]: `${options}:log_path=${reports}/report`,
}
const vitest = [path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', 'test/vitest.config.ts']
const excluded = folders.map(([folder]) => `--exclude=${folder}`)
const status = await runInTerminal(process.execPath, [...vitest, ...SLOW, ...others, ...excluded, ...filters], { env })

const found = readdirSync(reports)
for (const file of found) console.error(`\n${file}\n${readFileSync(path.join(reports, file), 'utf8')}`)
console.error(`sanitizers: ${found.length} processes reported something to ${reports}`)
process.exitCode = found.length > 0 ? 1 : status
