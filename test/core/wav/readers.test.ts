/** What is decoded is what SoX and ffmpeg decode, for every file of the corpus that those two agree on; by both halves of core. */

import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeFile } from '../../../dist-lib/core/decode.js'
import { Failure } from '../../../dist-lib/core/failure.js'
import { type Kernels, tsKernels } from '../../../dist-lib/core/kernels.js'
import { hasAddon, theAddon } from '../../support/backends.js'
import { audioOf, corpus, corpusTest, hasCorpus } from '../../support/corpus.js'
import { filesBelow } from '../../support/folders.js'
import { wasm } from '../../support/kernels.js'
import { hasFfmpeg, hasSox } from '../../support/readers.js'

/** Files that both read alike and that are read otherwise here, and why. docs/formats.md has the same list. */
const exceptions: Readonly<Record<string, string>> = {
  '_generated/align_0.wav': 'block align 0',
  '_generated/ffmpeg_ms.wav': 'MS ADPCM',
  ...Object.fromEntries(
    [
      ['unsupported_bits_per_sample', 'block align 4, where 2 x 20 bits take 6'],
      ['unsupported_format_code_with_extension', 'MS ADPCM'],
      ['unsupported_format_code_with_extension_and_extra_bytes', 'MS ADPCM'],
      ['unsupported_format_code_with_oversized_extension', 'MS ADPCM'],
      ['unsupported_format_code_with_oversized_extension_and_extra_bytes', 'MS ADPCM'],
    ].map(([name, reason]) => [`jstrait+wavefile/test/fixtures/wave/unsupported/${name}.wav`, reason]),
  ),
}

const hasReaders = hasCorpus && hasSox() && hasFfmpeg()

/** Samples as both give them: 32-bit integers. Undefined where the reader fails. */
function read(command: string, args: readonly string[]): Promise<Int32Array | undefined> {
  const options = { maxBuffer: 2 ** 26, timeout: 50_000, encoding: 'buffer' } as const
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout) => {
      resolve(error ? undefined : new Int32Array(Uint8Array.from(stdout).buffer))
    })
  })
}

const sox = (file: string) => read('sox', ['-V1', '-D', '-t', 'wav', file, '-t', 's32', '-L', '-'])
const ffmpeg = (file: string) =>
  read('ffmpeg', ['-v', 'error', '-nostdin', '-i', file, '-map', '0:a:0', '-f', 's32le', '-c:a', 'pcm_s32le', '-'])

const same = (a: Int32Array, b: Int32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer))

/** The files of the corpus that both read, to the same samples, and these. */
async function readAgreed(): Promise<ReadonlyMap<string, Int32Array>> {
  const names = audioOf().filter((name) => /\.wav$/i.test(name))
  const agreed = new Map<string, Int32Array>()
  const readSome = async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const file = path.join(corpus, name)
      const [samples, others] = [await sox(file), await ffmpeg(file)]
      if (samples && others && same(samples, others)) agreed.set(name, samples)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, readSome))
  return agreed
}

let agreed: Promise<ReadonlyMap<string, Int32Array>> | undefined

/** As both hold what lies beyond full scale, and between steps of 32 bits: floats alone can. */
function asIntegers(samples: Float64Array): Int32Array {
  return Int32Array.from(samples, (x) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.round(x * 2 ** 31))))
}

type Decode = (file: string) => Float64Array | string

const decodeWith =
  (kernels: Kernels): Decode =>
  (file) => {
    try {
      return decodeFile(file, kernels).samples
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      return `${error.code} ${error.detail}`
    }
  }

const decodeNative: Decode = (file) => {
  const decoded = theAddon().decodeSamples(file)
  if (!('code' in decoded)) return decoded.samples
  // As the native backend does.
  return decoded.code === 'E_WAV_CODED' ? decodeWith(tsKernels)(file) : `${decoded.code} ${decoded.detail}`
}

const cores: readonly (readonly [name: string, decode: Decode])[] = [
  ['TypeScript', decodeWith(tsKernels)],
  ...(wasm ? [['wasm', decodeWith(wasm)] as const] : []),
  ...(hasAddon ? [['C++', decodeNative] as const] : []),
]

describe.each(cores)('by %s', (_, decode) => {
  test.skipIf(!hasReaders)(
    'the corpus is decoded as SoX and ffmpeg agree that it is (needs the corpus, SoX and ffmpeg)',
    { timeout: 300_000 },
    async () => {
      agreed ??= readAgreed()
      const files = await agreed
      expect(files.size).toBeGreaterThan(170)
      const others: Record<string, string> = {}
      for (const [name, samples] of files) {
        const decoded = decode(path.join(corpus, name))
        if (typeof decoded === 'string') others[name] = decoded
        else if (!same(asIntegers(decoded), samples)) others[name] = 'other samples'
      }
      expect(Object.keys(others).sort()).toEqual(Object.keys(exceptions).sort())
      for (const [name, reason] of Object.entries(others)) expect(reason, name).toContain(exceptions[name])
    },
  )
})

corpusTest('all of the corpus is decoded alike, or refused in the same words', () => {
  for (const name of filesBelow(corpus)) {
    const file = path.join(corpus, name)
    const [expected, ...rest] = cores.map(([, decode]) => decode(file))
    for (const decoded of rest) {
      if (typeof expected === 'string' || typeof decoded === 'string') expect(decoded, name).toEqual(expected)
      // Bits, since there are NaNs.
      else expect(Buffer.from(decoded.buffer).equals(Buffer.from(expected.buffer)), name).toBe(true)
    }
  }
})
