/**
 * Coded files are decoded and then processed like 16-bit PCM, in every container. coded-samples.test.ts compares the
 * samples with those of other readers.
 */

import { readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  addNoiseToWav,
  type CodecName,
  type FileResult,
  noiseTask,
  Pool,
  type SampleFigures,
} from '../../../dist/index.js'
import { codecs } from '../../../dist-lib/core/wav/codecs.js'
import { describeBackends } from '../../support/backends.js'
import { codecNames } from '../../support/blocks.js'
import { describeDecoders } from '../../support/decoders.js'
import { sha256OfFile, temporaryFolder } from '../../support/folders.js'
import { describeHalves, jobFor, runFile } from '../../support/jobs.js'
import { Random } from '../../support/random.js'
import { type Container, chunk, type WavParts, wav } from '../../support/wav.js'

const STANDARD = [256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232]
const CHANNELS = 2
const BLOCKS = 300

/** Some seconds in each codec: heads of blocks that are none would be errors. */
const parts: Readonly<Record<CodecName, WavParts & { data: Buffer; frames: number }>> = {
  'A-law': { tag: 6, bits: 8, fields: [], ...codes(1, 1, 40_000) },
  'mu-law': { tag: 7, bits: 8, fields: [], ...codes(1, 1, 40_000) },
  'IMA ADPCM': { tag: 0x11, bits: 4, blockAlign: 8 + 8 * 20, fields: [161], ...codes(8 + 8 * 20, 161, BLOCKS) },
  'MS ADPCM': { tag: 2, bits: 4, blockAlign: 14 + 160, fields: [162, 7, ...STANDARD], ...codes(14 + 160, 162, BLOCKS) },
}

function codes(blockAlign: number, blockFrames: number, blocks: number) {
  const random = new Random(blockAlign)
  const isG711 = blockFrames === 1
  const data = random.bytes(blocks * blockAlign * (isG711 ? CHANNELS : 1))
  for (let at = 0; at < data.length && !isG711; at += blockAlign) {
    // Indices of steps for IMA ADPCM; for MS ADPCM numbers of coefficients, and small steps.
    if (blockFrames === 161) data[at + 2] = data[at + 6] = 5
    else Buffer.of(1, 4, 30, 0, 40, 0).copy(data, at)
  }
  const byteRate = isG711 ? 16000 * CHANNELS : Math.floor((16000 * blockAlign) / blockFrames)
  return { channels: CHANNELS, data, byteRate, frames: blocks * blockFrames }
}

const containers: readonly Container[] = ['RIFF', 'RIFX', 'RF64', 'BW64']

function fileOf(codec: CodecName, container: Container = 'RIFF', more: WavParts = {}): Buffer {
  const around = {
    before: [chunk('odd ', Buffer.from('abc'), undefined, container)],
    after: [chunk('iXML', Buffer.from('<a/>!'), undefined, container)],
  }
  return wav({ ...parts[codec], container, ...around, ...more })
}

/** The chunks of a file, in order. */
function chunks(file: Buffer): { id: string; size: number; body: Buffer }[] {
  const isBig = file.toString('latin1', 0, 4) === 'RIFX'
  const found: { id: string; size: number; body: Buffer }[] = []
  for (let at = 12; at + 8 <= file.length; ) {
    const id = file.toString('latin1', at, at + 4)
    const size = isBig ? file.readUInt32BE(at + 4) : file.readUInt32LE(at + 4)
    // Of the data of RF64 and BW64, which here are followed by one chunk more.
    const length = size === 0xffffffff ? file.indexOf('iXML', at) - at - 8 : size
    found.push({ id, size, body: file.subarray(at + 8, at + 8 + length) })
    at += 8 + length + (length % 2)
  }
  return found
}

const bodyOf = (file: Buffer, id: string) => chunks(file).find((one) => one.id === id)!.body

/**
 * The decoded file of 16-bit PCM as it ought to be, of samples that TypeScript, which coded-samples.test.ts compares
 * with SoX, decodes to.
 */
function plainOf(coded: Buffer, container: Container, samples: Int16Array): Buffer {
  const data = Buffer.from(samples.slice().buffer)
  const kept = (id: string) => chunk(id, bodyOf(coded, id), undefined, container)
  return wav({
    container,
    channels: CHANNELS,
    before: [kept('odd ')],
    after: [kept('iXML')],
    data: container === 'RIFX' ? data.swap16() : data,
  })
}

describeDecoders('a coded file', (decode) => {
  const decoded = (bytes: Buffer) => {
    const file = path.join(temporaryFolder(), 'a.wav')
    writeFileSync(file, bytes)
    return decode(file)
  }

  test.each(codecNames)('of %s has the same samples in every container, and in an EXTENSIBLE format', (codec) => {
    const expected = decoded(fileOf(codec)) as Int16Array
    expect(expected.length).toBe(parts[codec].frames * CHANNELS)
    expect(new Set(expected).size).toBeGreaterThan(100)
    for (const container of containers) expect(decoded(fileOf(codec, container)), container).toEqual(expected)
    expect(decoded(fileOf(codec, 'RIFF', { extensible: true })), 'EXTENSIBLE').toEqual(expected)
  })

  test('of blocks with room to spare may end in that', () => {
    // Three frames of one channel take 8 bytes and a half; the last block has 9 of its 20.
    const block = Buffer.concat([Buffer.of(0, 16, 0, 5, 0, 6, 0, 0x12), Buffer.alloc(12)])
    const ms = { tag: 2, bits: 4, blockAlign: 20, fields: [3, 7, ...STANDARD], byteRate: 106_666 }
    const whole = decoded(wav({ ...ms, data: Buffer.concat([block, block]) }))
    expect(whole).toEqual(Int16Array.of(6, 5, 5 + 16, 6, 5, 5 + 16))
    expect(decoded(wav({ ...ms, data: Buffer.concat([block, block.subarray(0, 9)]) }))).toEqual(whole)
  })

  test('of IMA ADPCM whose fmt chunk does not say how many frames a block has, has as many as fit', () => {
    const { fields, ...silent } = parts['IMA ADPCM']
    expect(decoded(wav(silent))).toEqual(decoded(fileOf('IMA ADPCM')))
  })

  test('with a block whose head is none tells where that is', () => {
    for (const codec of ['IMA ADPCM', 'MS ADPCM'] as const) {
      const { data, blockAlign } = parts[codec]
      const damaged = Buffer.from(data)
      // The second channel of the block after a hundred, which is beyond what is decoded at once; and of a later one.
      for (const block of [100, 101]) damaged[block * blockAlign! + (codec === 'IMA ADPCM' ? 6 : 1)] = 89
      const file = fileOf(codec, 'RIFF', { data: damaged })
      const at = file.indexOf('data') + 8 + 100 * blockAlign!
      expect(decoded(file)).toBe(`E_WAV_DAMAGED in the block at byte ${at}`)
    }
  })
})

describeHalves('a decoded file', (run) => {
  test.each(codecNames.flatMap((codec) => containers.map((container) => [codec, container] as const)))(
    'of %s in %s is one of PCM with the same chunks around its samples',
    async (codec, container) => {
      const coded = fileOf(codec, container)
      const { output, figures } = await runFile(run, coded, { level: 0 })
      expect(figures).toMatchObject({ codec, format: 'pcm16', frames: parts[codec].frames, warnings: [] })
      const { output: riff } = await runFile(run, fileOf(codec), { level: 0 })
      const samples = new Int16Array(Uint8Array.from(bodyOf(riff, 'data')).buffer)
      expect(output.equals(plainOf(coded, container, samples))).toBe(true)
    },
  )

  test('has true sizes where the input has none, and nothing behind its samples', async () => {
    for (const codec of codecNames) {
      for (const container of containers) {
        const unknown = {
          dataSize: 0xffffffff,
          riffSize: 0xffffffff,
          after: [],
          longSizes: { data: 2n ** 50n },
        }
        const { output, figures } = await runFile(run, fileOf(codec, container, unknown), { level: 0 })
        const isLong = container.endsWith('64')
        expect(figures.warnings).toEqual([isLong ? 'W_DATA_CUT_SHORT' : 'W_SIZE_UNKNOWN'])
        const { output: whole } = await runFile(run, fileOf(codec, container, { after: [] }), { level: 0 })
        expect(output.equals(whole), `${codec} in ${container}`).toBe(true)
      }
    }
  })

  test.each([
    ['the byte rate rounded up', 'IMA ADPCM', { byteRate: Math.ceil((16000 * 168) / 161) }, []],
    ['the byte rate of ffmpeg', 'IMA ADPCM', { byteRate: 16000 }, ['W_BYTE_RATE']],
    ['another byte rate', 'A-law', { byteRate: 1 }, ['W_BYTE_RATE']],
    ['block align 1 of two channels', 'A-law', { blockAlign: 1 }, ['W_BLOCK_ALIGN']],
    ['block align 0', 'mu-law', { blockAlign: 0, byteRate: 0 }, ['W_BYTE_RATE', 'W_BLOCK_ALIGN']],
    ['half a frame at the end', 'mu-law', { data: Buffer.alloc(81) }, ['W_PARTIAL_FRAME']],
    ['a word of one channel too many', 'IMA ADPCM', { data: Buffer.alloc(8 + 8 + 5) }, ['W_PARTIAL_FRAME']],
    ['whole words of a block', 'IMA ADPCM', { data: Buffer.alloc(8 + 8) }, []],
    ['a cut head', 'MS ADPCM', { data: Buffer.alloc(174 + 13) }, ['W_PARTIAL_FRAME']],
    ['some bytes of a block', 'MS ADPCM', { data: Buffer.alloc(174 + 14 + 3) }, []],
  ] as const)('is warned of as any: %s', async (_, codec, more: WavParts, warnings) => {
    const file = fileOf(codec, 'RIFF', more)
    const { figures, output } = await runFile(run, file, { level: 0 })
    expect(figures.warnings).toEqual(warnings)
    expect(bodyOf(output, 'data').length).toBe(figures.frames * 2 * CHANNELS)
    if (warnings.length === 0) return
    const folder = temporaryFolder()
    writeFileSync(path.join(folder, 'a.wav'), file)
    const [refused] = await run([{ ...jobFor(folder, 'a', 'out', { level: 0 }), strict: true }])
    expect(refused).toEqual({ failure: { code: 'E_WAV_STRICT', detail: warnings.join(', '), errno: '' } })
  })

  const { data: none, ...ima } = parts['IMA ADPCM']
  const { data: noBlocks, ...ms } = parts['MS ADPCM']
  test.each([
    ['A-law of 16 bits', { tag: 6, bits: 16 }],
    ['IMA ADPCM of 8 bits', { ...ima, bits: 8 }],
    ['IMA ADPCM with block align 0 of 2 channels', { ...ima, blockAlign: 0 }],
    ['IMA ADPCM with block align 7 of 2 channels', { ...ima, blockAlign: 7 }],
    ['IMA ADPCM with 169 frames in a block of 168 bytes, of 2 channels', { ...ima, fields: [169] }],
    ['IMA ADPCM with 160 frames in a block of 168 bytes, of 2 channels', { ...ima, fields: [160] }],
    ['0 channels', { ...ima, channels: 0 }],
    ['MS ADPCM with block align 13 of 2 channels', { ...ms, blockAlign: 13 }],
    ['MS ADPCM with 163 frames in a block of 174 bytes, of 2 channels', { ...ms, fields: [163, 7, ...STANDARD] }],
    ['MS ADPCM with 1 frames in a block of 174 bytes, of 2 channels', { ...ms, fields: [1, 7, ...STANDARD] }],
    ['MS ADPCM with a fmt chunk that is too short', { ...ms, fields: [] }],
    ['MS ADPCM with a fmt chunk that is too short', { ...ms, fields: [162] }],
    ['MS ADPCM with a fmt chunk that is too short', { ...ms, fields: [162, 8, ...STANDARD] }],
    ['MS ADPCM with 6 pairs of coefficients', { ...ms, fields: [162, 6, ...STANDARD] }],
    ['MS ADPCM with 257 pairs of coefficients', { ...ms, fields: [162, 257, ...STANDARD] }],
  ] as const)('is none where the format contradicts itself: %s', async (detail, wrong: WavParts) => {
    const folder = temporaryFolder()
    writeFileSync(path.join(folder, 'a.wav'), wav({ ...wrong, data: Buffer.alloc(1000) }))
    const [outcome] = await run([jobFor(folder, 'a', 'out', { level: 0 })])
    expect(outcome).toEqual({ failure: { code: 'E_WAV_FORMAT', detail, errno: '' } })
    expect(readdirSync(folder)).toEqual(['a.wav'])
  })
})

describeBackends('coded files', (backend) => {
  test('have the noise of their samples, at a level that is measured, though they are cut into parts', async () => {
    const folder = temporaryFolder()
    await using pool = new Pool({ size: 4, backend })
    const noisy = async (name: string, level: { sigma: number } | { snr: number }) => {
      const item = { input: path.join(folder, name), output: path.join(folder, 'out', name), key: 'k' }
      const [result] = (await pool.map(noiseTask({ ...level, overwrite: true }), [item])) as FileResult[]
      const { sigma, snr, clipped, bytesOut } = result
      return { hash: sha256OfFile(result.output), figures: { sigma, snr, clipped, bytesOut } }
    }
    for (const codec of codecNames) {
      const container = codec === 'IMA ADPCM' ? 'RIFX' : 'RIFF'
      // More than twice 4 MiB, decoded, of which blocks and parts end at different places.
      const { data, frames } = parts[codec]
      const times = Math.ceil(2_200_000 / frames)
      const long = Buffer.concat(Array.from({ length: times }, () => data))
      writeFileSync(path.join(folder, 'coded.wav'), fileOf(codec, container, { data: long }))
      await noisy('coded.wav', { sigma: 0 })
      renameSync(path.join(folder, 'out/coded.wav'), path.join(folder, 'plain.wav'))
      const coded = await noisy('coded.wav', { snr: 10 })
      expect(coded.figures.bytesOut).toBeGreaterThan(2 * 4 * 2 ** 20)
      expect(coded, codec).toEqual(await noisy('plain.wav', { snr: 10 }))
    }
  })

  test('of more than 4 GiB, decoded, are too long for RIFF and RIFX', async () => {
    const folder = temporaryFolder()
    await using pool = new Pool({ size: 1, backend })
    const frames = 1.1e9
    for (const container of containers) {
      const file = path.join(folder, `${container}.wav`)
      const sizes = { dataSize: 0xffffffff, longSizes: { data: BigInt(2 * frames) } }
      const head = wav({ ...parts['A-law'], container, data: Buffer.alloc(0), ...sizes })
      writeFileSync(file, head)
      // A sparse file: a dry run reads no more than its head.
      truncateSync(file, head.length + 2 * frames)
      const [result] = (await pool.map(noiseTask({ sigma: 0.1, out: folder, dryRun: true, overwrite: true }), [
        { input: file, output: path.join(folder, 'out.wav') },
      ])) as FileResult[]
      if (container.endsWith('64')) expect(result).toMatchObject({ status: 'planned', frames, codec: 'A-law' })
      else
        expect(result.error).toMatchObject({
          code: 'E_WAV_TOO_LONG',
          received: `${44 + 4 * frames} bytes of ${container}, decoded`,
        })
    }
  })

  test('have results that name their codec, and in memory the same bytes as on disk', async () => {
    const [folder, out] = [temporaryFolder(), temporaryFolder()]
    await using pool = new Pool({ size: 2, backend })
    const items = codecNames.map((codec) => ({ input: path.join(folder, `${codec}.wav`), key: 'k' }))
    for (const [i, codec] of codecNames.entries()) writeFileSync(items[i].input, fileOf(codec))
    const results = (await pool.map(noiseTask({ out, snr: 10 }), items)) as FileResult[]
    expect(results.map(({ codec, format }) => [codec, format])).toEqual(codecNames.map((codec) => [codec, 'pcm16']))
    for (const [i, { input, output, sigma }] of results.entries()) {
      const bytes = readFileSync(input)
      const told: SampleFigures[] = []
      const onFigures = (figures: SampleFigures) => told.push(figures)
      const inMemory = await addNoiseToWav(bytes, { snr: 10, key: 'k', pool, inPlace: true, onFigures })
      expect(Buffer.from(inMemory).equals(readFileSync(output))).toBe(true)
      expect(bytes.equals(readFileSync(input))).toBe(true)
      expect(told).toMatchObject([{ codec: codecNames[i], format: 'pcm16', sigma }])
    }
  })

  test('that are damaged leave nothing, and harm no other', async () => {
    const [folder, out] = [temporaryFolder(), temporaryFolder()]
    await using pool = new Pool({ size: 2, backend })
    const data = Buffer.concat([parts['IMA ADPCM'].data, Buffer.alloc(168, 255)])
    const names = ['bad.wav', 'good.wav']
    writeFileSync(path.join(folder, 'bad.wav'), fileOf('IMA ADPCM', 'RIFF', { data }))
    writeFileSync(path.join(folder, 'good.wav'), fileOf('IMA ADPCM'))
    const results = (await pool.map(
      noiseTask({ out, sigma: 0.1 }),
      names.map((name) => path.join(folder, name)),
    )) as FileResult[]
    expect(results[0].error).toMatchObject({
      code: 'E_WAV_DAMAGED',
      received: expect.stringContaining('in the block at byte'),
    })
    expect(results.map(({ status }) => status)).toEqual(['failed', 'done'])
    expect(readdirSync(out)).toEqual(['good.wav'])
  })
})

describe('the registry of codecs', () => {
  test('has those that the type names, and tags that differ', () => {
    expect(codecs.map(({ name }) => name)).toEqual(codecNames)
    expect(new Set(codecs.map(({ tag }) => tag)).size).toBe(codecs.length)
  })
})
