/** One corpus of every format, by every way there is to run it: the same bytes, and those that are pinned here for stream version 1. */

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadAddon } from '../../dist-lib/backends/addon.js'
import { filesBelow, hashesBelow, sha256, temporaryFolder } from '../support/folders.js'
import { jsKernel } from '../support/kernels.js'
import { chunk, formats, wav } from '../support/wav.js'
import { noisemill } from './helpers.js'

/** Of the names and hashes of all outputs. A change is a new version of the stream, or a bug: see docs/numerics.md. */
const GOLDEN = 'ed1da329cfa0de47463ec57054d71be8'

const loaded = loadAddon()
const sets = 'addon' in loaded ? loaded.addon.instructionSets() : []
const chunkings = ['1', '7', 'auto']

/** Numbers of no pattern in [-1, 1), from integers alone, so that they are the same in any engine. */
const scattered = (i: number) => Math.imul(i + 1, 0x9e3779b1) / 2 ** 31

function samples(name: string, bytes: number, count: number): Uint8Array {
  const values = Float64Array.from({ length: count }, (_, i) => scattered(i) / 2)
  if (name === 'float32') return new Uint8Array(Float32Array.from(values).buffer)
  if (name === 'float64') return new Uint8Array(values.buffer)
  const data = Buffer.alloc(count * bytes)
  values.forEach((value, i) => {
    if (bytes === 1) data.writeUInt8(128 + Math.floor(value * 128), i)
    else data.writeIntLE(Math.floor(value * 2 ** (8 * bytes - 1)), i * bytes, bytes)
  })
  return data
}

/** Every format with 1, 2 and 5 channels, plain and EXTENSIBLE, with odd chunks; and a file that is cut over several threads. */
function writeCorpus(): string {
  const folder = path.join(temporaryFolder(), 'clean')
  mkdirSync(path.join(folder, 'below'), { recursive: true })
  for (const { name, tag, bits } of formats) {
    for (const channels of [1, 2, 5]) {
      const data = samples(name, bits / 8, 9001 * channels) // two noise blocks and some of a third
      const odd = [chunk('junk', new Uint8Array(4 * channels + 1))]
      const file = wav({ tag, bits, channels, data, extensible: channels === 5, before: odd, after: odd })
      writeFileSync(path.join(folder, channels === 2 ? 'below' : '', `${name}-${channels}.wav`), file)
    }
  }
  const long = samples('pcm16', 2, 4_500_000) // 9 MB: two cuts
  writeFileSync(path.join(folder, 'long.wav'), wav({ data: long, dataSize: 0xffffffff }))
  return folder
}

async function digest(clean: string, flags: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const out = temporaryFolder()
  const level = ['--snr', '3:20', '--seed', 'golden']
  const ended = await noisemill(['add', clean, '--out', out, ...level, '--quiet', ...flags], { env })
  expect([ended.code, ended.stderr]).toEqual([0, ''])
  expect(filesBelow(out)).toHaveLength(19)
  return sha256(Buffer.from(JSON.stringify(hashesBelow(out)))).slice(0, 32)
}

/** Runs every combination; resolves to the digests, by what gave them. */
async function digests(
  flags: readonly (readonly string[])[],
  envs: readonly NodeJS.ProcessEnv[] = [{}],
): Promise<Record<string, string>> {
  const clean = writeCorpus()
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
  describe.skipIf(sets.length === 0 && process.env.NOISEMILL_NATIVE !== 'require')('native', () => {
    test.each(sets)('with %s: jobs 1, 2, 5, chunks of 1, 7 and auto, UV_THREADPOOL_SIZE 1, 4, 64', async (set) => {
      const envs = ['1', '4', '64'].map((size) => ({ NOISEMILL_ISA: set, UV_THREADPOOL_SIZE: size }))
      expect(Object.keys(await digests(jobs('--backend', 'native'), envs))).toEqual([GOLDEN])
    })
  })

  test.each(jsKernel === 'wasm' ? ['wasm', 'ts'] : ['ts'])('workers and the plain loop with %s', async (kernel) => {
    const ways = [...jobs('--backend', 'workers', '--kernel', kernel), ['--backend', 'inline', '--kernel', kernel]]
    expect(Object.keys(await digests(ways))).toEqual([GOLDEN])
  })

  test('the workers that stand in where there is no addon, and those without its kernels', async () => {
    const envs = [{ NOISEMILL_NATIVE: 'off' }, { NOISEMILL_NATIVE: 'off', NOISEMILL_WASM: 'off' }]
    expect(Object.keys(await digests([[]], envs))).toEqual([GOLDEN])
  })
})
