/** A-law, mu-law and IMA ADPCM: decoded as SoX decodes them, and then as any file of 16-bit PCM. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addNoiseToWav, type FileResult, noiseTask, Pool } from '../../../dist/index.js'
import { codecs, decodeBlocks } from '../../../dist-lib/core/wav/codecs.js'
import { describeBackends } from '../../support/backends.js'
import { newFolder, removeFolder, temporaryFolder } from '../../support/folders.js'
import { hasSox, outputOf } from '../../support/readers.js'
import { chunk, wav } from '../../support/wav.js'

const describeSox = describe.skipIf(!hasSox())

const codec = (name: (typeof codecs)[number]['name']) => codecs.find((known) => known.name === name)!
const int16 = (bytes: Buffer) => new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))

const sox = (...args: string[]): Buffer => outputOf('sox', args)

/** Deterministic noise over the whole range, at both ends clipped, so that every code and every step occurs. */
const loud = Int16Array.from({ length: 3 * 16000 }, (_, i) => {
  const value = (Math.imul(i + 1, 0x9e3779b1) / 2 ** 31) * (i % 16000) * 4
  return Math.max(-32768, Math.min(32767, Math.round(value)))
})

interface Coded {
  readonly name: string
  readonly encoding: 'a-law' | 'u-law' | 'ima-adpcm'
  readonly channels: number
}

const cases: readonly Coded[] = [
  { name: 'alaw-1', encoding: 'a-law', channels: 1 },
  { name: 'alaw-3', encoding: 'a-law', channels: 3 },
  { name: 'mulaw-1', encoding: 'u-law', channels: 1 },
  { name: 'mulaw-2', encoding: 'u-law', channels: 2 },
  { name: 'ima-1', encoding: 'ima-adpcm', channels: 1 },
  { name: 'ima-2', encoding: 'ima-adpcm', channels: 2 },
]

describeSox('coded files (needs SoX)', () => {
  let folder: string
  const file = (name: string) => path.join(folder, name)
  beforeAll(() => {
    folder = newFolder()
    for (const { name, encoding, channels } of cases) {
      writeFileSync(file('plain.wav'), wav({ channels, data: new Uint8Array(loud.buffer) }))
      // wavefile's IMA goes no lower than -32767, SoX's no lower than -32768: only what is clipped differs.
      const volume = encoding === 'ima-adpcm' ? '0.6' : '1'
      sox('-D', '-v', volume, file('plain.wav'), '-e', encoding, file(`${name}.wav`))
      // Chunks that SoX does not write, before and after; no pad byte is forgotten.
      const coded = readFileSync(file(`${name}.wav`))
      const more = Buffer.concat([
        coded.subarray(0, 12),
        chunk('odd ', Buffer.from('abc')),
        coded.subarray(12),
        chunk('iXML', Buffer.from('<a/>!')),
      ])
      more.writeUInt32LE(more.length - 8, 4)
      writeFileSync(file(`${name}.wav`), more)
      sox('-D', file(`${name}.wav`), '-e', 'signed', '-b', '16', file(`${name}.decoded.wav`))
    }
  })
  afterAll(() => removeFolder(folder))

  describeBackends('noise', (backend) => {
    test.each(cases)('$name: the noise of the decoded file, at a level that SNR finds', async ({ name, channels }) => {
      const out = temporaryFolder()
      await using pool = new Pool({ size: 2, backend })
      const task = noiseTask({ out, snr: 10, seed: 1 })
      const items = [`${name}.wav`, `${name}.decoded.wav`].map((input) => ({ input: file(input), key: 'same' }))
      const [coded, decoded] = (await pool.map(task, items)) as FileResult[]
      expect(coded.error).toBeUndefined()
      const figures = ({ frames, sigma, snr, clipped, format, channels }: FileResult) => ({
        frames,
        sigma,
        snr,
        clipped,
        format,
        channels,
      })
      expect(figures(coded)).toEqual({ ...figures(decoded), format: 'pcm16', channels })
      const [bytes, plain] = [coded, decoded].map(({ output }) => readFileSync(output))
      expect(chunks(bytes).find(({ id }) => id === 'data')?.body).toEqual(
        chunks(plain).find(({ id }) => id === 'data')?.body,
      )
      expect(bytes.length).toBe(coded.bytesOut)
      expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
      // All other chunks are where they were.
      const kept = (all: ReturnType<typeof chunks>) => all.filter(({ id }) => id !== 'fmt ' && id !== 'data')
      const original = chunks(readFileSync(file(`${name}.wav`)))
      expect(kept(chunks(bytes))).toEqual(kept(original))
      expect(chunks(bytes).map(({ id }) => id)).toEqual(original.map(({ id }) => id))
    })

    test('in memory the same bytes as on disk', async () => {
      const out = temporaryFolder()
      await using pool = new Pool({ size: 2, backend })
      const [{ output }] = await pool.map(noiseTask({ out, sigma: 0.1 }), [{ input: file('ima-2.wav'), key: 'k' }])
      const input = readFileSync(file('ima-2.wav'))
      expect(Buffer.from(await addNoiseToWav(input, { sigma: 0.1, key: 'k', pool }))).toEqual(readFileSync(output))
    })

    test('sigma 0 decodes', async () => {
      const out = temporaryFolder()
      await using pool = new Pool({ size: 2, backend })
      const [{ output }] = await pool.map(noiseTask({ out, sigma: 0 }), [file('mulaw-2.wav')])
      const samples = sox(file('mulaw-2.wav'), '-t', 'raw', '-e', 'signed', '-b', '16', '-L', '-')
      expect(sox(output, '-t', 'raw', '-')).toEqual(samples)
    })
  })

  test('a cut IMA block gives the frames that are there', () => {
    const ima = chunks(readFileSync(file('ima-2.wav')))
    const blockAlign = ima.find(({ id }) => id === 'fmt ')!.body.readUInt16LE(12)
    const { body } = ima.find(({ id }) => id === 'data')!
    const layout = { codec: codec('IMA ADPCM'), channels: 2, blockAlign }
    const whole = decodeBlocks(layout, body.subarray(0, 2 * blockAlign))!
    const cut = decodeBlocks(layout, body.subarray(0, blockAlign + 8 + 3 * 8 + 5))!
    // A block's first frame, and eight of each word that is there for both channels.
    expect(cut.length / 2).toBe(whole.length / 4 + 1 + 3 * 8)
    expect(cut).toEqual(whole.subarray(0, cut.length))
  })
})

describeSox('codes (needs SoX)', () => {
  test.each([
    ['A-law', 'a-law'],
    ['mu-law', 'u-law'],
  ] as const)('all of %s', (name, encoding) => {
    const codes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const folder = temporaryFolder()
    writeFileSync(path.join(folder, 'codes'), codes)
    const raw = ['-t', 'raw', '-r', '8000', '-c', '1', '-e', encoding, '-b', '8']
    const decoded = sox('-D', ...raw, path.join(folder, 'codes'), '-t', 'raw', '-e', 'signed', '-b', '16', '-L', '-')
    expect(decodeBlocks({ codec: codec(name), channels: 1, blockAlign: 1 }, codes)).toEqual(int16(decoded))
  })
})

test('an IMA block that begins at the lowest value stays there', () => {
  const layout = { codec: codec('IMA ADPCM'), channels: 1, blockAlign: 8 }
  const lowest = decodeBlocks(layout, Uint8Array.of(0x00, 0x80, 0, 0, 0, 0, 0, 0))!
  expect(lowest[0]).toBe(-32768)
  expect(Math.max(...lowest)).toBeLessThan(-32700)
})

test('an IMA block whose index is beyond the table is refused', () => {
  const layout = { codec: codec('IMA ADPCM'), channels: 1, blockAlign: 8 }
  expect(decodeBlocks(layout, Uint8Array.of(0, 0, 88, 0, 0, 0, 0, 0))).toBeDefined()
  expect(decodeBlocks(layout, Uint8Array.of(0, 0, 89, 0, 0, 0, 0, 0))).toBeUndefined()
})

describeBackends('coded files that contradict themselves', (backend) => {
  const alaw = { tag: 6, bits: 8, data: new Uint8Array(100) }
  const ima = { tag: 0x11, bits: 4, data: new Uint8Array(100) }
  test.each([
    ['A-law of 16 bits', { ...alaw, bits: 16 }, 'E_WAV_FORMAT'],
    ['block align 2 of 1 channels', { ...alaw, blockAlign: 2 }, 'E_WAV_FORMAT'],
    ['IMA ADPCM of 8 bits', { ...ima, bits: 8, blockAlign: 8 }, 'E_WAV_FORMAT'],
    ['block align 0 of 1 channels', { ...ima, blockAlign: 0 }, 'E_WAV_FORMAT'],
    ['block align 12 of 2 channels', { ...ima, channels: 2, blockAlign: 12 }, 'E_WAV_FORMAT'],
    ['0 channels', { ...ima, channels: 0, blockAlign: 4 }, 'E_WAV_FORMAT'],
    ['in the 100 bytes from', { ...ima, blockAlign: 100, data: new Uint8Array(100).fill(255) }, 'E_WAV_DAMAGED'],
  ] as const)('%s', async (received, parts, code) => {
    const [folder, out] = [temporaryFolder(), temporaryFolder()]
    await using pool = new Pool({ size: 2, backend })
    writeFileSync(path.join(folder, 'a.wav'), wav(parts))
    const [{ error }] = await pool.map(noiseTask({ out, sigma: 0.1 }), [path.join(folder, 'a.wav')])
    expect(error).toMatchObject({ code, received: expect.stringContaining(received) })
    expect(readdirSync(out)).toEqual([])
  })
})

/** The chunks of a RIFF file, in order. */
function chunks(file: Buffer): { id: string; body: Buffer }[] {
  const found: { id: string; body: Buffer }[] = []
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4)
    found.push({ id: file.toString('latin1', at, at + 4), body: file.subarray(at + 8, at + 8 + size) })
    at += 8 + size + (size % 2)
  }
  return found
}
