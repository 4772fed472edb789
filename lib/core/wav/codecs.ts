/**
 * Codecs whose samples are decoded to 16-bit PCM. The twin is native/core/wav/codecs.cc.
 *
 * Sources: ITU-T Recommendation G.711 (1988) for A-law and mu-law; IMA Digital Audio Focus and
 * Technical Working Groups, "Recommended Practices for Enhancing Digital Audio Compatibility in
 * Multimedia Systems" (1992) for IMA ADPCM; Microsoft, "New Multimedia Data Types and Data
 * Techniques" (1994) for MS ADPCM, and for the blocks of both ADPCMs in WAV. Where these leave a
 * choice, the decoders give the samples of SoX.
 */

/**
 * Version of the decoders. It changes if any decoded sample changes. Version 1 decoded with the
 * package `wavefile`.
 */
export const CODEC_VERSION = 2

/**
 * A codec of WAV files that noisemill decodes to 16-bit PCM.
 *
 * @example
 * import { addNoiseToFiles, type CodecName } from 'noisemill'
 *
 * const found = new Set<CodecName | null>()
 * for await (const { codec } of addNoiseToFiles('speech', { out: 'noisy', snr: 10 })) found.add(codec)
 * console.log([...found]) // -> [ null ]
 */
export type CodecName = 'A-law' | 'mu-law' | 'IMA ADPCM' | 'MS ADPCM'

export interface Codec {
  readonly name: CodecName
  /** Format tag in the fmt chunk. */
  readonly tag: number
  /** Bits of a sample. The fmt chunk must have this number. */
  readonly bits: number
  /** Bytes of each channel in the head of a block, and the frames that they hold. */
  readonly headBytes: number
  readonly headFrames: number
  /**
   * Groups of codes follow the head: nibbles of each channel in a group, and the frames that they
   * hold.
   */
  readonly groupNibbles: number
  readonly groupFrames: number
  /**
   * Whether the data are in blocks, in which codes depend on earlier ones. The fmt chunk then has
   * the bytes and the frames of a block.
   */
  readonly hasBlocks: boolean
  /** Whether the fmt chunk has a table of coefficients. */
  readonly hasCoefficients: boolean
  /** See decodeBlocks. */
  decode(layout: CodedLayout, bytes: Uint8Array, samples: Int16Array): number | undefined
}

/** Layout of coded samples. A block contains all channels. */
export interface CodedLayout {
  readonly codec: Codec
  readonly channels: number
  /** Bytes of a block. */
  readonly blockAlign: number
  /** Frames in a whole block. A block may have spare bytes after them. */
  readonly blockFrames: number
  /**
   * Pairs of coefficients, for codecs that have them. Each block selects one pair for each channel.
   */
  readonly coefficients: Int16Array
}

/** The most frames that fit into a block of `bytes` bytes. */
export function framesThatFit(codec: Codec, channels: number, bytes: number): number {
  const room = bytes - codec.headBytes * channels
  if (room < 0) return 0
  return codec.headFrames + Math.floor((2 * room) / (codec.groupNibbles * channels)) * codec.groupFrames
}

/** Frames in a block of `bytes` bytes. The last block of a file may be short. */
const framesOfBlock = ({ codec, channels, blockFrames }: CodedLayout, bytes: number) =>
  Math.min(blockFrames, framesThatFit(codec, channels, bytes))

/** Frames in `bytes` bytes of blocks. */
export function framesOfData(layout: CodedLayout, bytes: number): number {
  const { blockAlign, blockFrames } = layout
  return Math.floor(bytes / blockAlign) * blockFrames + framesOfBlock(layout, bytes % blockAlign)
}

/** Whether `bytes` bytes of blocks end inside a frame or inside a group of codes. */
export function endsInFrame(layout: CodedLayout, bytes: number): boolean {
  const { codec, channels, blockFrames } = layout
  const short = bytes % layout.blockAlign
  const frames = framesOfBlock(layout, short)
  if (frames === 0 || frames === blockFrames) return short > 0 && frames === 0
  const groups = (frames - codec.headFrames) / codec.groupFrames
  // A nibble may be left over, because bytes may hold an odd number of codes.
  return 2 * (short - codec.headBytes * channels) - groups * codec.groupNibbles * channels > 1
}

/**
 * Decodes blocks. All but the last must be whole.
 *
 * @param samples room for their frames, interleaved
 * @returns offset of the first block whose head has an index beyond its table; undefined if there
 *   is none
 */
export const decodeBlocks = (layout: CodedLayout, bytes: Uint8Array, samples: Int16Array): number | undefined =>
  layout.codec.decode(layout, bytes, samples)

const clamp = (value: number) => (value > 32767 ? 32767 : value < -32768 ? -32768 : value)

const int16At = (bytes: Uint8Array, at: number) => ((bytes[at] | (bytes[at + 1] << 8)) << 16) >> 16

/** The sample of a code, with G.711's numbering of segments and steps. */
function alawSample(code: number): number {
  const inverted = code ^ 0x55
  const segment = (inverted >> 4) & 7
  const step = ((inverted & 15) << 4) + 8
  const size = segment === 0 ? step : (step + 0x100) << (segment - 1)
  return inverted & 0x80 ? size : -size
}

function mulawSample(code: number): number {
  const inverted = ~code
  const size = ((((inverted & 15) << 3) + 0x84) << ((inverted >> 4) & 7)) - 0x84
  return inverted & 0x80 ? -size : size
}

function decodeByTable(sampleOf: (code: number) => number): Codec['decode'] {
  const table = Int16Array.from({ length: 256 }, (_, code) => sampleOf(code))
  return ({ channels }, bytes, samples) => {
    const count = bytes.length - (bytes.length % channels)
    for (let i = 0; i < count; i++) samples[i] = table[bytes[i]]
    return undefined
  }
}

/** Whether the head of the block at `at` can be decoded. */
type HasHead = (layout: CodedLayout, bytes: Uint8Array, at: number) => boolean
/** Decodes one channel of the block at `at`. Its samples start at `to` and are `channels` apart. */
type DecodeChannel = (
  layout: CodedLayout,
  bytes: Uint8Array,
  at: number,
  channel: number,
  frames: number,
  samples: Int16Array,
  to: number,
) => void

function decodeByBlock(hasHead: HasHead, decodeChannel: DecodeChannel): Codec['decode'] {
  return (layout, bytes, samples) => {
    const { channels, blockAlign } = layout
    let to = 0
    for (let at = 0; at < bytes.length; at += blockAlign) {
      const frames = framesOfBlock(layout, Math.min(blockAlign, bytes.length - at))
      if (frames === 0) break
      if (!hasHead(layout, bytes, at)) return at
      for (let channel = 0; channel < channels; channel++)
        decodeChannel(layout, bytes, at, channel, frames, samples, to + channel)
      to += frames * channels
    }
    return undefined
  }
}

const IMA_STEPS = [
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118,
  130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060,
  1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484,
  7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
]
/** How far a code moves the index of the step. The code's sign bit does not matter. */
const IMA_MOVES = [-1, -1, -1, -1, 2, 4, 6, 8]
const IMA_CODES = 16

/**
 * By step index and code: the difference from the previous sample, and the row of these tables that
 * the next code uses.
 */
const imaDifferences = new Int32Array(IMA_STEPS.length * IMA_CODES)
const imaNext = new Uint16Array(IMA_STEPS.length * IMA_CODES)
IMA_STEPS.forEach((step, index) => {
  for (let code = 0; code < IMA_CODES; code++) {
    // Each term is rounded down.
    const parts = (code & 4 ? step : 0) + (code & 2 ? step >> 1 : 0) + (code & 1 ? step >> 2 : 0) + (step >> 3)
    const next = Math.max(0, Math.min(IMA_STEPS.length - 1, index + IMA_MOVES[code & 7]))
    imaDifferences[index * IMA_CODES + code] = code & 8 ? -parts : parts
    imaNext[index * IMA_CODES + code] = next * IMA_CODES
  }
})

/** The head of a channel has its first sample, the index of its step and an unused byte. */
const IMA_HEAD_BYTES = 4
/**
 * Codes follow in words of eight frames, one word of each channel in turn. The low nibble of a byte
 * comes first.
 */
const IMA_WORD_BYTES = 4

const hasImaHead: HasHead = ({ channels }, bytes, at) => {
  for (let channel = 0; channel < channels; channel++)
    if (bytes[at + IMA_HEAD_BYTES * channel + 2] >= IMA_STEPS.length) return false
  return true
}

const decodeImaChannel: DecodeChannel = ({ channels }, bytes, at, channel, frames, samples, to) => {
  const head = at + IMA_HEAD_BYTES * channel
  let sample = int16At(bytes, head)
  let row = bytes[head + 2] * IMA_CODES
  samples[to] = sample
  let i = to + channels
  for (let frame = 1, word = head; frame < frames; frame += 8) {
    word += IMA_WORD_BYTES * channels
    for (let byte = word; byte < word + IMA_WORD_BYTES; byte++) {
      const low = row + (bytes[byte] & 15)
      sample = clamp(sample + imaDifferences[low])
      samples[i] = sample
      const high = imaNext[low] + (bytes[byte] >> 4)
      sample = clamp(sample + imaDifferences[high])
      samples[i + channels] = sample
      row = imaNext[high]
      i += 2 * channels
    }
  }
}

/** Growth of the step by code, in units of 1/256. */
const MS_GROWTH = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230]
const MS_LEAST_STEP = 16

/**
 * The head has four lists with a value for each channel: numbers of coefficient pairs, steps,
 * second samples, first samples. The codes of all channels follow frame by frame. The high nibble
 * of a byte comes first.
 */
const hasMsHead: HasHead = ({ channels, coefficients }, bytes, at) => {
  for (let channel = 0; channel < channels; channel++) if (2 * bytes[at + channel] >= coefficients.length) return false
  return true
}

const decodeMsChannel: DecodeChannel = ({ channels, coefficients }, bytes, at, channel, frames, samples, to) => {
  const pair = 2 * bytes[at + channel]
  const [ofLast, ofOther] = [coefficients[pair], coefficients[pair + 1]]
  let step = int16At(bytes, at + channels + 2 * channel)
  let last = int16At(bytes, at + 3 * channels + 2 * channel)
  let other = int16At(bytes, at + 5 * channels + 2 * channel)
  samples[to] = other
  samples[to + channels] = last
  const codes = at + 7 * channels
  for (let frame = 2, nibble = channel, i = to + 2 * channels; frame < frames; frame++) {
    const code = (bytes[codes + (nibble >> 1)] >> (nibble & 1 ? 0 : 4)) & 15
    // Sums and products wrap around at 32 bits, as in SoX. This happens in damaged blocks only.
    const predicted = ((last * ofLast + other * ofOther) | 0) >> 8
    other = last
    last = clamp((code < 8 ? code : code - 16) * step + predicted)
    samples[i] = last
    step = Math.max(MS_LEAST_STEP, Math.imul(MS_GROWTH[code], step) >> 8)
    nibble += channels
    i += channels
  }
}

const g711 = {
  bits: 8,
  headBytes: 0,
  headFrames: 0,
  groupNibbles: 2,
  groupFrames: 1,
  hasBlocks: false,
  hasCoefficients: false,
} as const

export const codecs: readonly Codec[] = [
  { name: 'A-law', tag: 0x0006, ...g711, decode: decodeByTable(alawSample) },
  { name: 'mu-law', tag: 0x0007, ...g711, decode: decodeByTable(mulawSample) },
  {
    name: 'IMA ADPCM',
    tag: 0x0011,
    bits: 4,
    headBytes: IMA_HEAD_BYTES,
    headFrames: 1,
    groupNibbles: 8,
    groupFrames: 8,
    hasBlocks: true,
    hasCoefficients: false,
    decode: decodeByBlock(hasImaHead, decodeImaChannel),
  },
  {
    name: 'MS ADPCM',
    tag: 0x0002,
    bits: 4,
    headBytes: 7,
    headFrames: 2,
    groupNibbles: 1,
    groupFrames: 1,
    hasBlocks: true,
    hasCoefficients: true,
    decode: decodeByBlock(hasMsHead, decodeMsChannel),
  },
]
