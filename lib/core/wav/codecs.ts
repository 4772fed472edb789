/**
 * Codecs whose samples are decoded to 16-bit PCM. native/core/wav/codecs.cc is its twin.
 *
 * Sources: ITU-T Recommendation G.711 (1988) for A-law and mu-law; IMA Digital Audio Focus and Technical Working Groups, "Recommended
 * Practices for Enhancing Digital Audio Compatibility in Multimedia Systems" (1992) for IMA ADPCM; Microsoft, "New Multimedia Data Types
 * and Data Techniques" (1994) for MS ADPCM, and for how blocks of both ADPCMs lie in WAV. Where these leave a choice, samples are those of SoX.
 */

/** Version of the decoders: a change of any decoded sample is a new one. Version 1 decoded with the package `wavefile`. */
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
  /** Bits of a sample that the fmt chunk must say. */
  readonly bits: number
  /** Bytes of each channel at the head of a block, and the frames that they hold. */
  readonly headBytes: number
  readonly headFrames: number
  /** Behind the head come groups of codes: nibbles of each channel in a group, and the frames that they hold. */
  readonly groupNibbles: number
  readonly groupFrames: number
  /** Whether codes depend on those before them in a block, of which the fmt chunk says how many bytes and frames it has. */
  readonly hasBlocks: boolean
  /** Whether the fmt chunk has a table of coefficients. */
  readonly hasCoefficients: boolean
  /** See decodeBlocks. */
  decode(layout: CodedLayout, bytes: Uint8Array, samples: Int16Array): number | undefined
}

/** How coded samples lie: in blocks of all channels. */
export interface CodedLayout {
  readonly codec: Codec
  readonly channels: number
  /** Bytes of a block. */
  readonly blockAlign: number
  /** Frames that a whole block holds; it may have bytes to spare. */
  readonly blockFrames: number
  /** Of codecs that have them: pairs, of which each block names one for each channel. */
  readonly coefficients: Int16Array
}

/** The most frames that fit into a block of so many bytes. */
export function framesThatFit(codec: Codec, channels: number, bytes: number): number {
  const room = bytes - codec.headBytes * channels
  if (room < 0) return 0
  return codec.headFrames + Math.floor((2 * room) / (codec.groupNibbles * channels)) * codec.groupFrames
}

/** Frames of a block of so many bytes: the last one may be short. */
const framesOfBlock = ({ codec, channels, blockFrames }: CodedLayout, bytes: number) =>
  Math.min(blockFrames, framesThatFit(codec, channels, bytes))

/** Frames in so many bytes of blocks. */
export function framesOfData(layout: CodedLayout, bytes: number): number {
  const { blockAlign, blockFrames } = layout
  return Math.floor(bytes / blockAlign) * blockFrames + framesOfBlock(layout, bytes % blockAlign)
}

/** Whether so many bytes of blocks end in the middle of a frame or of what frames are coded in. */
export function endsInFrame(layout: CodedLayout, bytes: number): boolean {
  const { codec, channels, blockFrames } = layout
  const short = bytes % layout.blockAlign
  const frames = framesOfBlock(layout, short)
  if (frames === 0 || frames === blockFrames) return short > 0 && frames === 0
  const groups = (frames - codec.headFrames) / codec.groupFrames
  // One nibble may be left where bytes hold an odd number of them.
  return 2 * (short - codec.headBytes * channels) - groups * codec.groupNibbles * channels > 1
}

/**
 * Decodes whole blocks, of which the last may be short.
 *
 * @param samples room for their frames, interleaved
 * @returns where the first block begins whose head is none: with an index beyond its table; undefined where there is no such
 */
export const decodeBlocks = (layout: CodedLayout, bytes: Uint8Array, samples: Int16Array): number | undefined =>
  layout.codec.decode(layout, bytes, samples)

const clamp = (value: number) => (value > 32767 ? 32767 : value < -32768 ? -32768 : value)

const int16At = (bytes: Uint8Array, at: number) => ((bytes[at] | (bytes[at + 1] << 8)) << 16) >> 16

/** A sample for each code, as G.711 numbers segments and steps in them. */
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

/** Whether the head of a block, from `at` on, can be decoded. */
type HasHead = (layout: CodedLayout, bytes: Uint8Array, at: number) => boolean
/** Decodes a channel of the block from `at` on into its samples, which lie `channels` apart from `to` on. */
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
/** By how much a code moves the index of the step; its sign does not matter. */
const IMA_MOVES = [-1, -1, -1, -1, 2, 4, 6, 8]
const IMA_CODES = 16

/** By index and code: the difference to the sample before, and where the next index begins in these tables. */
const imaDifferences = new Int32Array(IMA_STEPS.length * IMA_CODES)
const imaNext = new Uint16Array(IMA_STEPS.length * IMA_CODES)
IMA_STEPS.forEach((step, index) => {
  for (let code = 0; code < IMA_CODES; code++) {
    // Each part is rounded down.
    const parts = (code & 4 ? step : 0) + (code & 2 ? step >> 1 : 0) + (code & 1 ? step >> 2 : 0) + (step >> 3)
    const next = Math.max(0, Math.min(IMA_STEPS.length - 1, index + IMA_MOVES[code & 7]))
    imaDifferences[index * IMA_CODES + code] = code & 8 ? -parts : parts
    imaNext[index * IMA_CODES + code] = next * IMA_CODES
  }
})

/** The head of a channel has its first sample, the index of its step and a byte that is not used. */
const IMA_HEAD_BYTES = 4
/** Then codes come in words of eight frames, of each channel in turn; the low nibble of a byte first. */
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

/** By code: what the step grows by, in parts of 256. */
const MS_GROWTH = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230]
const MS_LEAST_STEP = 16

/**
 * A head has, each for all channels: the numbers of the pairs of coefficients, the steps, the second samples and the first. Then come the
 * codes of all channels, frame by frame; the high nibble of a byte first.
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
    // Sums and products have 32 bits, as in SoX, and wrap around: only damaged blocks come to that.
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
