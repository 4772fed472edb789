// `npm run fuzz -- [reader|etl] SECONDS`: builds the fuzz targets with clang and runs one of them,
// or both in turn. Inputs that reach new code are kept in build-checks/fuzz for the next time.
// Inputs that break something are kept in build-checks/fuzz/findings, and the exit code is then not
// 0.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { root, run, runInTerminal } from './commands.mjs'
import { writeSeeds } from './fuzz-seeds.mjs'

const TARGETS = ['reader', 'etl']
/**
 * Maximum length of an input: enough for two reads of a job. Longer inputs would only be slower.
 */
const MAX_BYTES = 64 * 1024

const build = path.join(root, 'build-checks/fuzz')
const wavCorpus = path.join(root, '../shared/wav-corpus')

function fail(reason) {
  console.error(`fuzz: ${reason}`)
  process.exit(2)
}

const [first, second] = process.argv.slice(2)
const targets = TARGETS.includes(first) ? [first] : TARGETS
const seconds = Number(TARGETS.includes(first) ? second : first)
if (!Number.isInteger(seconds) || seconds < 1) fail(`usage: npm run fuzz -- [${TARGETS.join('|')}] SECONDS`)

const clang = ['-DCMAKE_CXX_COMPILER=clang++', '-DCMAKE_BUILD_TYPE=None', '-DFUZZ=ON']
try {
  run('cmake', ['-S', path.join(root, 'native'), '-B', build, ...clang])
  run('cmake', ['--build', build, '--parallel', '2'])
} catch (error) {
  fail(`the targets were not built: ${error.message}`)
}

const seeds = path.join(build, 'seeds')
writeSeeds(seeds)
const foreign = existsSync(wavCorpus) ? [wavCorpus] : []
console.error(
  foreign.length > 0 ? `fuzz: seeded with ${wavCorpus}` : 'fuzz: without ../shared/wav-corpus, which is not there',
)
const findings = path.join(build, 'findings')
mkdirSync(findings, { recursive: true })

let status = 0
for (const target of targets) {
  const found = path.join(build, `corpus-${target}`)
  mkdirSync(found, { recursive: true })
  const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'noisemill-fuzz-'))
  const flags = {
    max_total_time: seconds,
    max_len: MAX_BYTES,
    timeout: 20,
    dict: path.join(root, 'native/fuzz/wav.dict'),
    artifact_prefix: `${findings}/${target}-`,
    print_final_stats: 1,
    verbosity: 0,
    print_funcs: 0,
  }
  const args = Object.entries(flags).map(([name, value]) => `-${name}=${value}`)
  const env = { ...process.env, NOISEMILL_FUZZ_FOLDER: folder }
  console.error(`fuzz: ${target}, ${seconds} s`)
  if ((await runInTerminal(path.join(build, `fuzz_${target}`), [...args, found, seeds, ...foreign], { env })) !== 0)
    status = 1
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = status
