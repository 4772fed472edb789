// Whether an installed package makes the bytes that are pinned, on every backend and instruction set that is here, through its API and its
// command. Needs nothing but the package and the vectors, so that it can be run on any system that the package is meant for:
//
//   node test/conformance/run.mjs [FOLDER [VECTORS]]
//
// FOLDER: the package's, or one that has it in node_modules; the current one by default. VECTORS: that of outputs.json; test/vectors.
// A line for each check; exits 1 where one differs, or where NOISEMILL_NATIVE is "require" and the addon does not load.
// Where programs are started by an emulator, EMULATOR is its command.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import {
  CORPUS_DIGEST,
  CORPUS_FILES,
  CORPUS_NOISE,
  CORPUS_SHORT_FILES,
  corpusMixes,
  digestOf,
  formats,
  sha256,
  vectorInput,
  writeCorpus,
  writeNoise,
} from './golden.mjs'

const [folder = '.', vectors = fileURLToPath(new URL('../vectors', import.meta.url))] = process.argv.slice(2)
const require = createRequire(path.resolve(folder, 'package.json'))
const { addNoise, addNoiseToFiles, addNoiseToWav, Pool } = await import(
  pathToFileURL(require.resolve('noisemill')).href
)
const manifest = require.resolve('noisemill/package.json')
const bin = path.join(path.dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.noisemill)
const golden = JSON.parse(readFileSync(path.join(vectors, 'outputs.json'), 'utf8'))

const SETS = ['avx512', 'avx2', 'sse2', 'neon', 'generic']
const SIZES = [1, 2, 5]
const ARRAYS = { pcm8: Uint8Array, pcm16: Int16Array, pcm32: Int32Array, float32: Float32Array, float64: Float64Array }
const HEADER_BYTES = 44

const scratch = mkdtempSync(path.join(tmpdir(), 'noisemill-conformance-'))
let folders = 0
const newFolder = () => path.join(scratch, String(folders++))
const clean = newFolder()
const noiseFiles = newFolder()
process.env.NOISEMILL_CACHE = newFolder()
let differences = 0

/** Every way to compute noise here: what a pool is made with, and the variables that the command needs for the same. */
function* ways() {
  const forced = process.env.NOISEMILL_ISA
  for (const set of forced ? [forced] : SETS) yield { options: { backend: 'native' }, env: { NOISEMILL_ISA: set } }
  for (const backend of ['workers', 'inline']) {
    for (const kernel of ['wasm', 'ts']) yield { options: { backend, kernel }, env: {} }
  }
}

/** A pool; or why there is none, which is no difference where only an instruction set is missing. */
function poolOf(options) {
  try {
    return new Pool(options)
  } catch (error) {
    const isMissing = error.code === 'E_BACKEND_UNAVAILABLE' && process.env.NOISEMILL_NATIVE === 'require'
    if (isMissing || !/^E_(ISA|BACKEND|KERNEL)_UNAVAILABLE$/.test(error.code)) differences++
    return error
  }
}

/** @param {string[]} wrong what differs */
function tell(way, check, hash, wrong) {
  console.log(`${wrong.length === 0 ? 'same  ' : 'DIFFER'}  ${way}  ${check}  ${hash.slice(0, 32)}`)
  for (const what of wrong) console.log(`        ${what}`)
  differences += wrong.length
}

async function tellVectors(way, check, run) {
  const hashes = []
  const wrong = []
  for (const vector of golden.vectors) {
    const { format: name, channels, level, value, output } = vector
    const format = formats.find((known) => known.name === name)
    const input = vectorInput(format, { channels, frames: golden.frames, sampleRate: golden.sampleRate })
    const title = `${name}, ${channels} channels, ${level} ${value}`
    if (sha256(input) !== vector.input) wrong.push(`${title}: the input`)
    const noisy = await run(input, vector, { [level]: value, seed: golden.seed, key: `${name}-${channels}.wav` })
    if (noisy === undefined) continue
    hashes.push(sha256(noisy))
    if (hashes.at(-1) !== output) wrong.push(title)
  }
  tell(way, `${check} (${hashes.length} vectors)`, sha256(Buffer.from(hashes.join())), wrong)
}

function tellCorpus(way, check, out, problems, count = CORPUS_FILES, expected = CORPUS_DIGEST) {
  const { files, digest } = digestOf(out)
  const wrong = [...problems]
  if (files !== count) wrong.push(`${files} files, not ${count}`)
  if (digest !== expected) wrong.push(`it should be ${expected}`)
  tell(way, check, digest, wrong)
}

async function addToFiles(inputs, options) {
  const problems = []
  for await (const { status, error, input } of addNoiseToFiles(inputs, options)) {
    if (status !== 'done') problems.push(`${input}: ${error?.message ?? status}`)
  }
  return problems
}

async function check(way, options, env) {
  const pool = poolOf(options)
  if (!(pool instanceof Pool)) {
    console.log(`absent  ${way}  ${pool.message}`)
    return
  }
  await tellVectors(way, 'addNoiseToWav', (input, _, noise) => addNoiseToWav(input, { ...noise, pool }))
  await tellVectors(way, 'addNoise', async (input, { format, channels }, noise) => {
    const type = ARRAYS[format]
    // No array has samples of 24 bits.
    if (type === undefined) return undefined
    const end = HEADER_BYTES + golden.frames * channels * type.BYTES_PER_ELEMENT
    const data = new type(Uint8Array.from(input.subarray(HEADER_BYTES, end)).buffer)
    const { buffer } = await addNoise(data, { ...noise, channels, pool })
    return Buffer.concat([input.subarray(0, HEADER_BYTES), new Uint8Array(buffer), input.subarray(end)])
  })
  await tellVectors(way, 'addNoiseToFiles', async (input, _, { key, ...noise }) => {
    const file = path.join(scratch, key)
    writeFileSync(file, input)
    const out = newFolder()
    const problems = await addToFiles([file], { out, ...noise, pool })
    return problems.length > 0 ? Buffer.from(problems.join()) : readFileSync(path.join(out, key))
  })
  await pool.close()
  for (const size of SIZES) {
    const out = newFolder()
    const problems = await addToFiles([clean], { out, ...CORPUS_NOISE, ...options, size })
    tellCorpus(way, `addNoiseToFiles, ${size} at a time`, out, problems)
  }
  for (const { noise, digest } of corpusMixes(noiseFiles)) {
    const out = newFolder()
    const problems = await addToFiles([clean], { out, ...noise, exclude: 'long.wav', ...options, size: 2 })
    tellCorpus(way, `addNoiseToFiles, ${noise.kind ?? 'gaussian'}`, out, problems, CORPUS_SHORT_FILES, digest)
  }
  const out = newFolder()
  const flags = Object.entries({ out, ...options, snr: CORPUS_NOISE.snr.join(':'), seed: CORPUS_NOISE.seed })
  const program = [...(process.env.EMULATOR || '').split(' ').filter(Boolean), process.execPath]
  const args = [...program, bin, 'add', clean, '--quiet', ...flags.flatMap(([name, value]) => [`--${name}`, value])]
  // No pipes: under Wine they hang.
  const ended = spawnSync(args[0], args.slice(1), { env: { ...process.env, ...env }, stdio: 'inherit' })
  tellCorpus(way, 'the command', out, ended.status === 0 ? [] : [`it ended with ${ended.status ?? ended.error}`])
}

try {
  console.log(`Node ${process.version}, ${process.platform} ${process.arch}, ${path.dirname(manifest)}`)
  writeCorpus(clean)
  writeNoise(noiseFiles)
  for (const { options, env } of ways()) {
    Object.assign(process.env, env)
    await check([...Object.values(options), ...Object.values(env)].join(' ').padEnd(14), options, env)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
console.log(differences === 0 ? 'All are as they should be.' : `${differences} differ.`)
process.exitCode = differences === 0 ? 0 : 1
