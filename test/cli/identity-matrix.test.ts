/** One corpus of every format, by every way there is to run it: the same bytes, and those that are pinned here for stream version 1. */

import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { CORPUS_DIGEST, CORPUS_FILES, CORPUS_NOISE, digestOf, writeCorpus } from '../conformance/golden.mjs'
import { describeNative, instructionSets } from '../support/backends.js'
import { temporaryFolder } from '../support/folders.js'
import { jsKernel } from '../support/kernels.js'
import { noisemill } from '../support/programs.js'

const chunkings = ['1', '7', 'auto']

async function digest(clean: string, flags: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const out = temporaryFolder()
  const level = ['--snr', CORPUS_NOISE.snr.join(':'), '--seed', CORPUS_NOISE.seed]
  const ended = await noisemill(['add', clean, '--out', out, ...level, '--quiet', ...flags], { env })
  expect([ended.code, ended.stderr]).toEqual([0, ''])
  const { files, digest } = digestOf(out)
  expect(files).toBe(CORPUS_FILES)
  return digest
}

/** Runs every combination; resolves to the digests, by what gave them. */
async function digests(
  flags: readonly (readonly string[])[],
  envs: readonly NodeJS.ProcessEnv[] = [{}],
): Promise<Record<string, string>> {
  const clean = path.join(temporaryFolder(), 'clean')
  writeCorpus(clean)
  const found: Record<string, string> = {}
  for (const env of envs) {
    for (const each of flags) {
      const way = [...each, ...Object.entries(env).map((pair) => pair.join('='))].join(' ')
      found[await digest(clean, each, env)] ??= way
    }
  }
  return found
}

const jobs = (...flags: string[]) =>
  ['1', '2', '5'].flatMap((count) => chunkings.map((size) => [...flags, '--jobs', count, '--chunk-size', size]))

describe('every way gives the pinned bytes', () => {
  describeNative('native', () => {
    test.each(instructionSets)(
      'with %s: jobs 1, 2, 5, chunks of 1, 7 and auto, UV_THREADPOOL_SIZE 1, 4, 64',
      async (set) => {
        const envs = ['1', '4', '64'].map((size) => ({ NOISEMILL_ISA: set, UV_THREADPOOL_SIZE: size }))
        expect(Object.keys(await digests(jobs('--backend', 'native'), envs))).toEqual([CORPUS_DIGEST])
      },
    )
  })

  test.each(jsKernel === 'wasm' ? ['wasm', 'ts'] : ['ts'])('workers and the plain loop with %s', async (kernel) => {
    const ways = [...jobs('--backend', 'workers', '--kernel', kernel), ['--backend', 'inline', '--kernel', kernel]]
    expect(Object.keys(await digests(ways))).toEqual([CORPUS_DIGEST])
  })

  test('the workers that stand in where there is no addon, and those without its kernels', async () => {
    const envs = [{ NOISEMILL_NATIVE: 'off' }, { NOISEMILL_NATIVE: 'off', NOISEMILL_WASM: 'off' }]
    expect(Object.keys(await digests([[]], envs))).toEqual([CORPUS_DIGEST])
  })
})
