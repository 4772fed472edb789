/**
 * Both halves of core decode the same samples as SoX and ffmpeg, for every file of the corpus on which those two agree.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeFile } from '../../../dist-lib/core/decode.js'
import { Failure } from '../../../dist-lib/core/failure.js'
import { type Kernels, tsKernels } from '../../../dist-lib/core/kernels.js'
import { hasAddon, theAddon } from '../../support/backends.js'
import { audioOf, corpus, corpusTest, hasCorpus } from '../../support/corpus.js'
import { filesBelow, root, temporaryFolder } from '../../support/folders.js'
import { wasm } from '../../support/kernels.js'
import { TIMEOUT_MILLISECONDS } from '../../support/programs.js'
import { ffmpegSamples, hasFfmpeg, hasSox, outputOf } from '../../support/readers.js'
import { bySize } from '../../support/size.js'
import { chunk, formats, sine, type WavParts, wav } from '../../support/wav.js'

/** Files that both read alike and that noisemill does not read so, and why. */
const exceptions: Readonly<Record<string, string>> = {
  '_generated/align_lie_3.wav': 'block align 3, where 1 x 16 bits take 2',
  'scipy+scipy/scipy/io/tests/data/test-8000Hz-le-3ch-5S-24bit-inconsistent.wav':
    'block align 4, where 3 x 24 bits take 9',
  'jstrait+wavefile/test/fixtures/wave/unsupported/unsupported_bits_per_sample.wav':
    'block align 4, where 2 x 20 bits take 6',
}

test('docs/formats.md has the same list', () => {
  const page = readFileSync(path.join(root, 'docs/formats.md'), 'utf8')
  const [, rows] = /^\| file \| why \|\n\|---\|---\|\n(.*?)\n\n/ms.exec(page)!
  const listed = rows.split('\n').map((row) => row.split('|')[1].trim())
  expect(listed).toEqual(Object.keys(exceptions).map((name) => path.basename(name, '.wav')))
})

const hasReaders = hasCorpus && hasSox() && hasFfmpeg()

/** Samples as both give them: 32-bit integers. */
const int32 = (bytes: Uint8Array) => new Int32Array(Uint8Array.from(bytes).buffer)

/** Undefined where SoX fails. */
function sox(file: string): Int32Array | undefined {
  const args = ['-V1', '-D', '-t', 'wav', file, '-t', 's32', '-L', '-']
  const { status, stdout } = spawnSync('sox', args, { maxBuffer: 2 ** 26, timeout: TIMEOUT_MILLISECONDS })
  return status === 0 ? int32(stdout) : undefined
}

/** Of a batch that fails as a whole each file is tried alone; undefined where that fails too. */
function ffmpeg(files: readonly string[]): (Int32Array | undefined)[] {
  const decoded = ffmpegSamples(files.map((file) => ({ file, raw: 's32le' })))
  if (decoded) return decoded.map(int32)
  return files.length === 1 ? [undefined] : files.flatMap((file) => ffmpeg([file]))
}

const same = (a: Int32Array, b: Int32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer))

const BATCH = 12

/** The files of the corpus that both read, to the same samples, and these. */
function readAgreed(): ReadonlyMap<string, Int32Array> {
  const read = audioOf()
    .filter((name) => /\.wav$/i.test(name))
    .map((name) => ({ name, file: path.join(corpus, name) }))
    .map(({ name, file }) => ({ name, file, samples: sox(file) }))
    .filter(({ samples }) => samples !== undefined)
  const agreed = new Map<string, Int32Array>()
  for (let at = 0; at < read.length; at += BATCH) {
    const batch = read.slice(at, at + BATCH)
    const others = ffmpeg(batch.map(({ file }) => file))
    batch.forEach(({ name, samples }, i) => {
      if (others[i] && same(samples!, others[i])) agreed.set(name, samples!)
    })
  }
  return agreed
}

let agreed: ReadonlyMap<string, Int32Array> | undefined

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
  return 'code' in decoded ? `${decoded.code} ${decoded.detail}` : decoded.samples
}

const cores: readonly (readonly [name: string, decode: Decode])[] = [
  ['TypeScript', decodeWith(tsKernels)],
  ...(wasm ? [['wasm', decodeWith(wasm)] as const] : []),
  ...(hasAddon ? [['C++', decodeNative] as const] : []),
]

describe.each(cores)('by %s', (_, decode) => {
  test.skipIf(!hasReaders)(
    'the corpus is decoded as SoX and ffmpeg agree that it is (needs the corpus, SoX and ffmpeg)',
    () => {
      agreed ??= readAgreed()
      const files = agreed
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

/**
 * So many frames that the data are longer than any packet of ffmpeg, and channels whose frames do and do not divide
 * one.
 */
const LONG = 9001
const CHANNELS = bySize([1, 3], [1, 2, 3, 5])

/** Sample data that integers of 32 bits hold exactly, whatever the format. */
function exactData({ tag, bits }: { tag: number; bits: number }, channels: number): Buffer {
  const bytes = bits / 8
  const data = Buffer.alloc(LONG * channels * bytes)
  for (let at = 0; at < LONG * channels; at++) {
    const value = ((at * 7919) % 60_000) - 30_000
    if (tag !== 3) data.writeIntLE(Math.trunc(value / 2 ** Math.max(0, 16 - bits)), at * bytes, bytes)
    else if (bits === 32) data.writeFloatLE(value / 2 ** 15, at * bytes)
    else data.writeDoubleLE(value / 2 ** 15, at * bytes)
  }
  return data
}

const encodings = [...formats.map(({ tag, bits }) => ({ tag, bits })), { tag: 6, bits: 8 }, { tag: 7, bits: 8 }]

/** Files of as many channels, whose block aligns are of all sorts. */
function misaligned(folder: string, channels: number) {
  return encodings.flatMap((encoding) => {
    const bytes = (channels * encoding.bits) / 8
    const data = exactData(encoding, channels)
    const aligns = new Set([0, 1, 2, 3, 4, 8, 11, 20, 4 * channels, 2 * bytes, 3 * bytes, 1000, 4097, 5000, 8191])
    return Array.from(aligns, (blockAlign) => {
      const what = `block align ${blockAlign} of ${channels} x ${encoding.bits} bits, tag ${encoding.tag}`
      const file = path.join(folder, `${what}.wav`)
      writeFileSync(file, wav({ ...encoding, channels, blockAlign, data }))
      return { what, file, isTrue: blockAlign === bytes }
    })
  })
}

/** The samples of files of as many frames and channels each. SoX reads them one after the other. */
function soxEach(files: readonly string[]): Int32Array[] {
  const all = outputOf('sox', ['-V1', '-D', ...files, '-t', 's32', '-L', '-'])
  const bytes = all.length / files.length
  return files.map((_, i) => int32(all.subarray(i * bytes, (i + 1) * bytes)))
}

test.skipIf(!hasSox() || !hasFfmpeg())(
  'a wrong block align is accepted where SoX and ffmpeg agree on the samples, and nowhere else (needs SoX and ffmpeg)',
  () => {
    const folder = temporaryFolder()
    const accepted: string[] = []
    const refused: string[] = []
    for (const channels of CHANNELS) {
      const cases = misaligned(folder, channels)
      const files = cases.map(({ file }) => file)
      const expected = soxEach(files)
      const batches = Array.from({ length: Math.ceil(files.length / BATCH) }, (_, i) =>
        files.slice(i * BATCH, (i + 1) * BATCH),
      )
      const others = batches.flatMap(ffmpeg)
      cases.forEach(({ what, file, isTrue }, i) => {
        expect(expected[i].length, what).toBe(LONG * channels)
        const isAgreed = others[i] !== undefined && same(expected[i], others[i])
        for (const [core, decode] of cores) {
          const decoded = decode(file)
          if (typeof decoded === 'string')
            expect([what, core, isAgreed, decoded]).toEqual([
              what,
              core,
              false,
              expect.stringContaining('E_WAV_FORMAT block align'),
            ])
          else expect([what, core, isAgreed, same(asIntegers(decoded), expected[i])]).toEqual([what, core, true, true])
        }
        if (!isTrue) (isAgreed ? accepted : refused).push(what)
      })
    }
    expect(accepted.length).toBeGreaterThan(25 * CHANNELS.length)
    expect(refused.length).toBeGreaterThan(25 * CHANNELS.length)
  },
)

const data = sine(formats[1], 5000)
const empty = (parts: WavParts = {}) => wav({ ...parts, data: new Uint8Array(0) })
const behind = (bytes: Uint8Array, parts: WavParts = {}) => Buffer.concat([empty(parts), bytes])
const tag = Buffer.concat([Buffer.from('ID3\x04'), data])

/** How many samples each finds in a file whose sizes are wrong. docs/formats.md has the same list. */
const unfinished: readonly (readonly [
  what: string,
  file: Buffer,
  sox: number | undefined,
  ffmpeg: number,
  here: number,
])[] = [
  ['data 0, RIFF that ends with the header', behind(data), 0, 5000, 5000],
  ['data 0, RIFF of 8 bytes', behind(data, { riffSize: 8 }), 0, 5000, 5000],
  ['data 0, RIFF 0', behind(data, { riffSize: 0 }), 0, 5000, 5000],
  ['data 0, RIFX that ends with the header', behind(data, { container: 'RIFX' }), 0, 5000, 5000],
  ['data 0, RF64', behind(data, { container: 'RF64', longSizes: { riff: 72n, data: 0n } }), 0, 0, 5000],
  ['data 0, BW64', behind(data, { container: 'BW64', longSizes: { riff: 72n, data: 0n } }), undefined, 0, 5000],
  ['data 0, RIFF of the true size', behind(data, { riffSize: 36 + data.length }), 0, 5000, 0],
  ['data 0, less than 4096 bytes', behind(data.subarray(0, 4000)), 0, 2000, 0],
  ['data 0, zeros', behind(new Uint8Array(data.length)), 0, 5000, 0],
  ['data 0, a tag', behind(tag), 0, 5002, 0],
  ['data 0, a chunk', behind(chunk('id3 ', tag)), 0, 5006, 0],
  ['data and RIFF put right too early', wav({ data, dataSize: 4000, riffSize: 4036 }), 2000, 2000, 2000],
  ['data put right too early', wav({ data, dataSize: 4000 }), 2000, 2000, 2000],
]

test.skipIf(!hasSox() || !hasFfmpeg())('samples of recordings that were never finished (needs SoX and ffmpeg)', () => {
  const folder = temporaryFolder()
  for (const [what, bytes, ...counts] of unfinished) {
    const file = path.join(folder, 'a.wav')
    writeFileSync(file, bytes)
    const found = cores.map(([, decode]) => decode(file)).map((samples) => samples.length)
    const [ours] = found
    expect([what, sox(file)?.length, ffmpeg([file])[0]?.length, ours]).toEqual([what, ...counts])
    expect(new Set(found).size, what).toBe(1)
  }
})
