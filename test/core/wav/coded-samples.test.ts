/**
 * Both halves of core decode coded files to the samples that SoX decodes, and that other readers decode if they agree
 * with SoX.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { CodecName } from '../../../dist/index.js'
import { blockFile, codecNames } from '../../support/blocks.js'
import { describeDecoders, ffmpeg, hasSndfile, sndfile, sox } from '../../support/decoders.js'
import { newFolder, removeFolder, sha256 } from '../../support/folders.js'
import { Random } from '../../support/random.js'
import { hasFfmpeg, hasSox } from '../../support/readers.js'
import { bySize } from '../../support/size.js'
import { wav } from '../../support/wav.js'

const SEED = 20_261_125
/** Files of each codec that are written by hand, and those that SoX encodes. */
const BLOCK_FILES = bySize(10, 50, 300)
const SOX_FILES = bySize(4, 20, 100)
// In its full form it starts some thousand programs.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 })

let folder: string
beforeAll(() => {
  folder = newFolder()
})
afterAll(() => removeFolder(folder))

const nameOf = (codec: CodecName, kind: string, i: number) => path.join(folder, `${codec}-${kind}-${i}.wav`)

/** Does some things at a time, and gives what comes of them in order. */
async function mapSome<Item, Value>(items: readonly Item[], work: (item: Item) => Promise<Value>): Promise<Value[]> {
  const values: Value[] = []
  const rest = items.entries()
  const some = async () => {
    for (const [i, item] of rest) values[i] = await work(item)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, some))
  return values
}

/** The first of the files whose samples are others, and how many those are. */
function differences(
  files: readonly string[],
  decode: (file: string) => Int16Array | string,
  expected: readonly Int16Array[],
) {
  const others = files.filter((file, i) => {
    const decoded = decode(file)
    return typeof decoded === 'string' || !Buffer.from(decoded.buffer).equals(Buffer.from(expected[i].buffer))
  })
  return { first: others[0], count: others.length }
}

describe.each(codecNames)('blocks of %s, as no encoder makes them', (codec) => {
  const files: string[] = []
  let expected: Int16Array[]
  beforeAll(async () => {
    for (let i = 0; i < BLOCK_FILES; i++) {
      files.push(nameOf(codec, 'blocks', i))
      writeFileSync(files[i], blockFile(codec, SEED + i).bytes)
    }
    if (hasSox()) expected = await mapSome(files, sox)
  })

  test('are of all kinds', () => {
    const made = files.map((_, i) => blockFile(codec, SEED + i))
    expect(new Set(made.map(({ container }) => container)).size).toBeGreaterThan(1)
    expect(new Set(made.map(({ channels }) => channels)).size).toBeGreaterThan(4)
    expect(made.filter(({ cut }) => cut > 0).length).toBeGreaterThan(BLOCK_FILES / 10)
  })

  describeDecoders('are decoded', (decode) => {
    test.skipIf(!hasSox())('as by SoX (needs it)', () => {
      expect(expected.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(100 * BLOCK_FILES)
      expect(differences(files, decode, expected)).toEqual({ first: undefined, count: 0 })
    })

    test('to the samples that SoX 14.4.2 had of the first ten', () => {
      const samples = files.slice(0, 10).map((file) => Buffer.from((decode(file) as Int16Array).buffer))
      expect(sha256(Buffer.concat(samples))).toBe(hashes[codec])
    })
  })
})

/** Of the samples that SoX 14.4.2 decodes of the first ten files. */
const hashes: Readonly<Record<CodecName, string>> = {
  'A-law': 'dcadb387bc87da4a9b4b1f6e62b1eeab6e1322b8965ea5575d90d924754b60da',
  'mu-law': 'a2f56717ae0e08531b7e4fbdf24e245b87dc8a37a6843f25ab225972620c37c2',
  'IMA ADPCM': '92bf9f8f7e4b893baa46e0309e481d9d94cdfa0c26f3fb98e6714d205918b1df',
  'MS ADPCM': 'bf982793cd00bf2faf3e46760c63fad7a4f691c38b49dcd533f1ac07dce6fdc7',
}

const encodings: Readonly<Record<CodecName, string>> = {
  'A-law': 'a-law',
  'mu-law': 'u-law',
  'IMA ADPCM': 'ima-adpcm',
  'MS ADPCM': 'ms-adpcm',
}

/** Sounds that encoders meet: noise, silence, tones, and peaks so low that a decoder overshoots the range. */
function sound(random: Random, channels: number): Buffer {
  const frames = random.pick([1, 2, 500, 505, 1000 + random.below(4000)])
  const kind = random.pick(['noise', 'loud', 'silence', 'tone', 'low'])
  const samples = new Int16Array(frames * channels)
  for (let i = 0; i < samples.length; i++) {
    const phase = (Math.floor(i / channels) * (3 + (i % channels))) / 50
    if (kind === 'noise') samples[i] = (random.word() / 2 ** 32 - 0.5) * 20_000
    else if (kind === 'loud') samples[i] = Math.max(-32768, Math.min(32767, (random.word() / 2 ** 32 - 0.5) * 130_000))
    else if (kind === 'tone') samples[i] = 32767 * Math.sin(phase)
    else if (kind === 'low') samples[i] = random.once(9) ? -32768 : Math.sin(phase) < -0.6 ? -32768 : -20_000
  }
  return Buffer.from(samples.buffer)
}

describe.skipIf(!hasSox())('files that SoX encodes (needs it)', () => {
  describe.each(codecNames)('in %s', (codec) => {
    const files: string[] = []
    const channelsOf: number[] = []
    let expected: Int16Array[]
    beforeAll(async () => {
      const random = new Random(SEED)
      for (let i = 0; i < SOX_FILES; i++) {
        const channels = i % 8 === 0 ? 2 : 1 + (i % 8)
        const plain = nameOf(codec, 'plain', i)
        writeFileSync(plain, wav({ channels, data: sound(random, channels) }))
        files.push(nameOf(codec, 'sox', i))
        channelsOf.push(channels)
        const order = random.once(4) ? ['-B'] : []
        const { status, stderr } = spawnSync('sox', ['-D', plain, '-e', encodings[codec], ...order, files[i]])
        if (status !== 0) throw new Error(`${stderr}`)
        // Cut short anywhere behind the header.
        const bytes = readFileSync(files[i])
        if (random.once(2))
          writeFileSync(files[i], bytes.subarray(0, 200 + random.below(Math.max(1, bytes.length - 200))))
      }
      expected = await mapSome(files, sox)
    })

    describeDecoders('are decoded', (decode) => {
      test('as by SoX', () => {
        expect(differences(files, decode, expected)).toEqual({ first: undefined, count: 0 })
      })

      test.skipIf(!hasSndfile)('as by libsndfile, where it reads them (needs it)', async () => {
        const isAdpcm = codec.endsWith('ADPCM')
        let compared = 0
        for (const [i, file] of files.entries()) {
          // It refuses ADPCM of more channels.
          if (isAdpcm && channelsOf[i] > 2) continue
          const [samples, decoded] = [await sndfile(file), decode(file) as Int16Array]
          // It makes a whole block of a cut one of IMA ADPCM, and none of one of MS ADPCM, whose steps it keeps in 16
          // bits.
          const length = Math.min(samples.length, decoded.length)
          if (codec === 'MS ADPCM' && isLoud(decoded)) continue
          expect(decoded.subarray(0, length), file).toEqual(samples.subarray(0, length))
          compared++
        }
        expect(compared).toBeGreaterThan(0)
      })

      test.skipIf(!hasFfmpeg())('as by ffmpeg, where it reads them (needs it)', async () => {
        let compared = 0
        for (const [i, file] of files.entries()) {
          const isRifx = readFileSync(file).toString('latin1', 0, 4) === 'RIFX'
          if (isRifx || (codec.endsWith('ADPCM') && channelsOf[i] > 2)) continue
          const [samples, decoded] = [await ffmpeg(file), decode(file) as Int16Array]
          expect(samples.length, file).toBe(decoded.length)
          // It rounds each step of IMA ADPCM otherwise, and predictions of MS ADPCM, towards 0: errors add up within a
          // block.
          const most = codec.endsWith('ADPCM') ? 1000 : 0
          expect(Math.max(0, ...decoded.map((sample, at) => Math.abs(sample - samples[at]))), file).toBeLessThanOrEqual(
            most,
          )
          compared++
        }
        expect(compared).toBeGreaterThan(0)
      })
    })
  })
})

const isLoud = (samples: Int16Array) => samples.some((sample) => Math.abs(sample) > 20_000)
