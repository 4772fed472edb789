/**
 * Makes files of coded samples without an encoder. Most bytes are valid codes, so blocks may differ from
 * those of any encoder.
 */

import type { CodecName } from '../../dist/index.js'
import { Random } from './random.js'
import { type Container, chunk, type WavParts, wav } from './wav.js'

export const codecNames: readonly CodecName[] = ['A-law', 'mu-law', 'IMA ADPCM', 'MS ADPCM']

const STANDARD = [256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232]
const MAX_BLOCK = 0xffff

/** The data of a coded file, and the fields of its header. */
type Coded = Pick<WavParts, 'tag' | 'bits' | 'blockAlign' | 'byteRate' | 'fields'> & {
  readonly data: Buffer
  /** Whether blocks have room for more frames than the header says. */
  readonly hasRoom: boolean
}

const RATE = 16000

/** Makes codes that are random, or that move the value as far as possible: up, down, or alternately. */
function codes(length: number, random: Random): Buffer {
  if (random.once(2)) return random.bytes(length)
  const patterns = ['00', 'ff', '77', '88', '80', '08', 'f7', '7777777788888888', '0f', '87878700', '7fffffff70']
  const whole = Buffer.alloc(length, Buffer.from(random.pick(patterns), 'hex'))
  // Change a few codes at random.
  for (let i = random.below(8); i > 0 && length > 0; i--) whole[random.below(length)] = random.below(256)
  return whole
}

const int16 = (random: Random) =>
  random.pick([0, 1, -1, 32767, -32768, -32767, 32000, -32000, random.below(65536) - 32768])

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  values.forEach((value, i) => {
    bytes.writeInt16LE(value, 2 * i)
  })
  return bytes
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

function ima(channels: number, random: Random): Coded {
  const groups = random.pick([0, 1, 2, 3, 7, 20, 63, 100 + random.below(300)])
  const spare = random.once(5) ? random.below(4 * channels) : 0
  const blockAlign = Math.min(MAX_BLOCK, 4 * channels * (1 + groups) + spare)
  const most = 1 + 8 * (Math.floor(blockAlign / (4 * channels)) - 1)
  const frames = random.once(6) ? 1 + 8 * random.below((most + 7) / 8) : most
  const block = () => {
    const heads = times(channels, () => Buffer.concat([words([int16(random)]), Buffer.of(index(), random.below(256))]))
    return Buffer.concat([...heads, codes(blockAlign - 4 * channels, random)])
  }
  const index = () => random.pick([0, 1, 40, 87, 88, random.below(89)])
  const data = Buffer.concat(times(1 + random.below(Math.ceil(4000 / blockAlign)), block))
  const byteRate = Math.floor((RATE * blockAlign) / frames)
  return { tag: 0x11, bits: 4, blockAlign, byteRate, fields: [frames], data, hasRoom: frames < most }
}

function ms(channels: number, random: Random): Coded {
  const bytes = random.pick([0, 1, 2, 3, 13, 121, 249, random.below(2000)])
  const blockAlign = 7 * channels + bytes
  const most = 2 + Math.floor((2 * bytes) / channels)
  const frames = random.once(6) ? 2 + random.below(most - 1) : most
  const coefficients = [...(random.once(5) ? times(14, () => int16(random)) : STANDARD)]
  if (random.once(4)) coefficients.push(...times(2 * random.pick([1, 5, 249]), () => int16(random)))
  const pairs = coefficients.length / 2
  const step = () => random.pick([0, 16, 30, 200, 32767, -32768, -1, random.below(3000)])
  const block = () =>
    Buffer.concat([
      Buffer.from(times(channels, () => random.below(pairs))),
      words(times(channels, step)),
      words(times(2 * channels, () => int16(random))),
      codes(bytes, random),
    ])
  const data = Buffer.concat(times(1 + random.below(Math.ceil(4000 / blockAlign)), block))
  const fields = [frames, pairs, ...coefficients]
  const byteRate = Math.floor((RATE * blockAlign) / frames)
  return { tag: 2, bits: 4, blockAlign, byteRate, fields, data, hasRoom: frames < most }
}

function g711(tag: number, channels: number, random: Random): Coded {
  const data = codes(channels * random.pick([1, 2, 100, 257, random.below(4000) + 1]), random)
  const blockAlign = random.once(5) ? random.pick([channels * 2, channels * 3]) : channels
  return { tag, bits: 8, blockAlign, byteRate: RATE * channels, fields: [], data, hasRoom: false }
}

export interface BlockFile {
  readonly bytes: Buffer
  readonly channels: number
  readonly container: Container
  /** Number of bytes that were cut off at the end of the data. */
  readonly cut: number
}

/** Makes a file of a codec. The same seed makes the same file. */
export function blockFile(codec: CodecName, seed: number): BlockFile {
  const random = new Random(seed)
  const channels = 1 + random.below(8)
  const coded =
    codec === 'IMA ADPCM'
      ? ima(channels, random)
      : codec === 'MS ADPCM'
        ? ms(channels, random)
        : g711(codec === 'A-law' ? 6 : 7, channels, random)
  const { data, blockAlign = 1 } = coded
  // The cut is in the last one or two blocks, and never in the head of the first block.
  const head = codec.endsWith('ADPCM') ? 7 * channels : channels
  const most = Math.max(0, data.length - head)
  // SoX drops a last block that is cut short but has more frames than the header says.
  const cut = random.once(2) && !coded.hasRoom ? Math.min(most, random.below(2 * blockAlign + 1)) : 0
  const container = random.pick<Container>(['RIFF', 'RIFF', 'RIFF', 'RIFX', 'RF64'])
  const parts = { container, channels, sampleRate: RATE, ...coded }
  const left = data.subarray(0, data.length - cut)
  const before = random.once(3) ? [chunk('odd ', Buffer.from('abc'), 3, container)] : []
  // Either the header has the size after the cut, and chunks may follow, or the file ends at the cut.
  if (random.once(2)) {
    const after = random.once(2) ? [chunk('LIST', random.bytes(random.below(600)), undefined, container)] : []
    return { bytes: wav({ ...parts, data: left, before, after }), channels, container, cut }
  }
  const size = container === 'RF64' ? { longSizes: { data: BigInt(data.length) } } : { dataSize: data.length }
  const whole = wav({ ...parts, data: left, before, ...size })
  return { bytes: whole.subarray(0, whole.length - (left.length % 2)), channels, container, cut }
}
