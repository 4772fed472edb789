/**
 * Files of every format on every backend, kernel and instruction set: all give the bytes that are pinned here for
 * stream version 1.
 */

import { mkdtempSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { PoolOptions } from '../../dist/index.js'
import {
  CORPUS_DIGEST,
  CORPUS_FILES,
  CORPUS_NOISE,
  CORPUS_SHORT_FILES,
  corpusMixes,
  digestOf,
  writeCorpus,
  writeNoise,
} from '../conformance/golden.mjs'
import { describeNative, instructionSets, present } from '../support/backends.js'
import { sharedFolder } from '../support/folders.js'
import { jsKernel } from '../support/kernels.js'
import { linesOf, noisemill, programFor, quote, start } from '../support/programs.js'
import { bySize } from '../support/size.js'
import { numbers } from '../support/sources.js'

const golden = new URL('../conformance/golden.mjs', import.meta.url).href

const folder = sharedFolder()
const clean = path.join(folder, 'clean')
const noise = path.join(folder, 'noise')
beforeAll(() => {
  writeCorpus(clean)
  writeNoise(noise)
})

/** The global hooks, which remove temporary folders, do not know which of several concurrent tests is running. */
const newOut = () => mkdtempSync(path.join(folder, 'out-'))

/** A program that prints the digest of what such pools make of the corpus, for threads and chunks of several sizes. */
const programOf = (ways: readonly PoolOptions[]) => `
  import { rmSync } from 'node:fs'
  import path from 'node:path'
  import { CORPUS_NOISE, digestOf } from ${quote(golden)}
  for (const [i, options] of ${quote(ways)}.entries()) {
    // The plain loop has one thread.
    for (const size of options.backend === 'inline' ? [1] : [1, 2, 5]) {
      const pool = new noisemill.Pool({ ...options, size })
      for (const chunkSize of [1, 7, 'auto']) {
        const out = path.join(${quote(newOut())}, [i, size, chunkSize].join())
        const run = noisemill.addNoiseToFiles(${quote(clean)}, { out, ...CORPUS_NOISE, pool, chunkSize })
        for await (const { error } of run) if (error) throw error
        console.log(JSON.stringify(digestOf(out)), JSON.stringify({ ...options, size, chunkSize }))
        rmSync(out, { recursive: true })
      }
      await pool.close()
    }
  }`

const pinned = { files: CORPUS_FILES, digest: CORPUS_DIGEST }

/** Runs the program, in an environment: each of its lines has the pinned digest. */
async function expectPinned(ways: readonly PoolOptions[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const command = [process.execPath, '--input-type=module', '--eval', programFor(programOf(ways))]
  const { code, stdout, stderr } = await start(command, { env }).ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = linesOf(stdout)
  const sizes = ways.map(({ backend }) => (backend === 'inline' ? 1 : 3))
  for (const line of lines) expect(line, JSON.stringify(env)).toContain(JSON.stringify(pinned))
  expect(lines).toHaveLength(3 * sizes.reduce((sum, count) => sum + count, 0))
}

/** A program that prints the digests of other kinds, levels and mixtures. */
const mixesOf = (options: PoolOptions) => `
  import { rmSync } from 'node:fs'
  import path from 'node:path'
  import { corpusMixes, digestOf } from ${quote(golden)}
  const pool = new noisemill.Pool(${quote(options)})
  for (const [i, { noise }] of corpusMixes(${quote(noise)}).entries()) {
    const out = path.join(${quote(newOut())}, String(i))
    for await (const { error } of noisemill.addNoiseToFiles(${quote(clean)}, { out, ...noise, exclude: 'long.wav', pool }))
      if (error) throw error
    console.log(JSON.stringify(digestOf(out)))
    rmSync(out, { recursive: true })
  }
  await pool.close()`

async function expectPinnedMixes(options: PoolOptions, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const command = [process.execPath, '--input-type=module', '--eval', programFor(mixesOf(options))]
  const { code, stdout, stderr } = await start(command, { env }).ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const found = linesOf(stdout).map((line) => JSON.parse(line))
  expect(found).toEqual(corpusMixes(noise).map(({ digest }) => ({ files: CORPUS_SHORT_FILES, digest })))
}

/** The same of the command. */
async function expectPinnedByCommand(flags: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const out = newOut()
  const level = ['--snr', CORPUS_NOISE.snr.join(':'), '--seed', CORPUS_NOISE.seed]
  const ended = await noisemill(['add', clean, '--out', out, ...level, '--quiet', ...flags], { env })
  expect([ended.code, ended.stderr]).toEqual([0, ''])
  expect(digestOf(out)).toEqual(pinned)
}

const THREADPOOL_SIZES = ['1', '4', '64']

/** Instruction sets with sizes of libuv's pool: each of both in the short form, and all pairs in the long form. */
const pairs = bySize(
  numbers(Math.max(instructionSets.length, THREADPOOL_SIZES.length)).map((i) => [
    instructionSets[i % instructionSets.length],
    THREADPOOL_SIZES[i % THREADPOOL_SIZES.length],
  ]),
  instructionSets.flatMap((set) => THREADPOOL_SIZES.map((size) => [set, size])),
)

describe.concurrent('every way gives the pinned bytes', () => {
  describeNative('native', () => {
    test.each(pairs)(
      'with %s and UV_THREADPOOL_SIZE %s: 1, 2 and 5 threads, chunks of 1, 7 and auto',
      async (set, size) => {
        await expectPinned([{ backend: 'native' }], { NOISEMILL_ISA: set, UV_THREADPOOL_SIZE: size })
      },
    )
  })

  test.each(jsKernel === 'wasm' ? (['wasm', 'ts'] as const) : (['ts'] as const))(
    'workers and the plain loop with %s',
    async (kernel) => {
      await expectPinned([
        { backend: 'workers', kernel },
        { backend: 'inline', kernel },
      ])
    },
  )

  describeNative('other kinds, levels and mixtures, native', () => {
    test.each(instructionSets)('with %s', async (set) => {
      await expectPinnedMixes({ backend: 'native', size: 3 }, { NOISEMILL_ISA: set })
    })
  })

  test.each(jsKernel === 'wasm' ? (['wasm', 'ts'] as const) : (['ts'] as const))(
    'other kinds, levels and mixtures by workers and the plain loop with %s',
    async (kernel) => {
      await expectPinnedMixes({ backend: 'workers', size: 2, kernel })
      await expectPinnedMixes({ backend: 'inline', kernel })
    },
  )

  test.each(present)('the command, by %s, with two jobs and chunks of 7', async (backend) => {
    await expectPinnedByCommand(['--backend', backend, '--jobs', '2', '--chunk-size', '7'])
  })

  test('workers that replace a missing addon, with and without its kernels', async () => {
    for (const env of [{ NOISEMILL_NATIVE: 'off' }, { NOISEMILL_NATIVE: 'off', NOISEMILL_WASM: 'off' }])
      await expectPinnedByCommand([], env)
  })
})
