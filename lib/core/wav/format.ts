/**
 * Reads the fmt chunk, which describes the sample format, and checks that its fields agree.
 *
 * Sources: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0"
 * (1991); Microsoft, "New Multimedia Data Types and Data Techniques" (1994) for format tags, and
 * "Multiple Channel Audio Data and WAVE Files" (2007) for WAVE_FORMAT_EXTENSIBLE.
 */

import { Failure } from '../failure.js'
import { type Codec, type CodedLayout, codecs, framesThatFit } from './codecs.js'
import { type HeaderReader, hex } from './reader.js'
import { type FrameLayout, type SampleFormat, sampleFormats } from './samples.js'

export const MAX_CHANNELS = 1024

const FORMAT_PCM = 0x0001
const FORMAT_FLOAT = 0x0003
const FORMAT_EXTENSIBLE = 0xfffe
const FMT_MIN_BYTES = 16
const FMT_EXTENSIBLE_BYTES = 40
const EXTENSION_BYTES = 22
/** Number of bytes that ffmpeg 5.1 reads at once: as many whole blocks as fit, but at least one. */
const PACKET_BYTES = 4096
/**
 * Offset of a codec's own fields in the fmt chunk, after the size of the extension. In an
 * EXTENSIBLE chunk they follow its fixed fields instead.
 */
const CODEC_FIELDS = 18
/**
 * Number of coefficient pairs of MS ADPCM. Every table begins with the seven standard pairs, and a
 * byte can number 256.
 */
const MIN_PAIRS = 7
const MAX_PAIRS = 256
/** The bytes after the tag in a GUID that stands for a format tag. */
const GUID_TAIL = Buffer.from('000000001000800000aa00389b71', 'hex')
/**
 * In RIFX all numbers of the GUID may have their high byte first. Two zeros then precede the tag,
 * and these bytes follow it.
 */
const SWAPPED_GUID_TAIL = Buffer.from('00000010800000aa00389b71', 'hex')

/**
 * The bytes after the tag in a GUID of Ambisonic B-format (Dobson, "The AMB Ambisonic File Format",
 * 2000). It has only PCM and float, and its samples are stored like all others.
 */
const AMBISONIC_GUID_TAIL = Buffer.from('00002107d3118644c8c1ca000000', 'hex')

/** Codecs that occur in WAV files but are not decoded. The error names them. */
const otherCodecs: Readonly<Record<number, string>> = {
  8: 'DTS',
  16: 'OKI ADPCM',
  20: 'G.723 ADPCM',
  23: 'Dialogic ADPCM',
  32: 'Yamaha ADPCM',
  34: 'TrueSpeech',
  49: 'GSM 6.10',
  64: 'G.721 ADPCM',
  69: 'G.726 ADPCM',
  80: 'MPEG audio layer 1 or 2',
  85: 'MP3',
  100: 'G.726 ADPCM',
  146: 'AC-3',
  255: 'AAC',
  352: 'WMA 1',
  353: 'WMA 2',
  354: 'WMA Pro',
  355: 'WMA Lossless',
  5632: 'AAC',
  5648: 'AAC',
  8192: 'AC-3',
  8193: 'DTS',
  22127: 'Vorbis',
  26447: 'Vorbis',
  28751: 'Opus',
  61868: 'FLAC',
}

export type FormatWarning = 'W_BYTE_RATE' | 'W_BLOCK_ALIGN'

export interface WavFormat extends Omit<FrameLayout, 'frames'> {
  readonly warnings: readonly FormatWarning[]
  /** How the samples are coded, if they are. All other fields describe the decoded samples. */
  readonly coded: CodedLayout | undefined
}

const malformed = (detail: string) => new Failure('E_WAV_FORMAT', detail)
const unsupported = (detail: string) => new Failure('E_WAV_UNSUPPORTED', detail)

/**
 * Reads the fmt chunk. Throws Failure with a code E_WAV_..., or a failure of reading.
 *
 * @param start where the body of the chunk starts
 * @param size size of the body, as the chunk declares it
 */
export function readFormat(reader: HeaderReader, start: number, size: number): WavFormat {
  if (size < FMT_MIN_BYTES) throw malformed(`fmt chunk of ${size} bytes`)
  if (start + FMT_MIN_BYTES > reader.input.size) throw new Failure('E_WAV_TRUNCATED', 'the file ends in its fmt chunk')
  const channels = reader.u16(start + 2)
  const sampleRate = reader.u32(start + 4)
  const byteRate = reader.u32(start + 8)
  const blockAlign = reader.u16(start + 12)
  const bits = reader.u16(start + 14)
  const plain = { tag: reader.u16(start), validBits: bits }
  const isExtensible = plain.tag === FORMAT_EXTENSIBLE
  const { tag, validBits } = isExtensible ? readExtension(reader, start, size, bits) : plain

  const codec = codecs.find((known) => known.tag === tag)
  if (tag !== FORMAT_PCM && tag !== FORMAT_FLOAT && codec === undefined) throw unsupported(nameOf(tag))
  if (channels === 0) throw malformed('0 channels')
  if (channels > MAX_CHANNELS) throw unsupported(`${channels} channels`)
  if (sampleRate === 0) throw malformed('sample rate 0')
  if (bits === 0) throw malformed('0 bits a sample')
  if (codec) {
    if (bits !== codec.bits) throw malformed(`${codec.name} of ${bits} bits`)
    const fields = isExtensible ? FMT_EXTENSIBLE_BYTES : CODEC_FIELDS
    const coded = readLayout(reader, codec, channels, blockAlign, start + fields, start + size)
    const alignWarnings = codec.hasBlocks ? [] : checkBlockAlign(blockAlign, channels, bits, bits)
    return decodedFormat(coded, sampleRate, byteRate, alignWarnings, reader.bigEndian)
  }
  const format = findFormat(bits, validBits, tag === FORMAT_FLOAT)
  const frameBytes = channels * format.bytes
  const warnings: FormatWarning[] = []
  // The field holds only the low 32 bits.
  if (byteRate !== (sampleRate * frameBytes) % 2 ** 32) warnings.push('W_BYTE_RATE')
  warnings.push(...checkBlockAlign(blockAlign, channels, bits, validBits))
  const { bigEndian } = reader
  return { format, channels, sampleRate, blockAlign: frameBytes, bigEndian, validBits, warnings, coded: undefined }
}

/**
 * Reads the layout of a codec's blocks.
 *
 * @param fields where the codec's own fields begin
 * @param end where the chunk ends
 */
function readLayout(
  reader: HeaderReader,
  codec: Codec,
  channels: number,
  blockAlign: number,
  fields: number,
  end: number,
): CodedLayout {
  const none = new Int16Array(0)
  // A codec without blocks needs no block align.
  if (!codec.hasBlocks) return { codec, channels, blockAlign: channels, blockFrames: 1, coefficients: none }
  const { name, headFrames, groupFrames, hasCoefficients } = codec
  const stop = Math.min(end, reader.input.size)
  const most = framesThatFit(codec, channels, blockAlign)
  if (most === 0) throw malformed(`${name} with block align ${blockAlign} of ${channels} channels`)
  // Codecs without coefficients may omit the field. A block then has as many frames as fit.
  const hasField = hasCoefficients || fields + 2 <= stop
  const blockFrames = hasField ? readWord(reader, name, fields, stop) : most
  if (blockFrames < headFrames || blockFrames > most || (blockFrames - headFrames) % groupFrames !== 0)
    throw malformed(`${name} with ${blockFrames} frames in a block of ${blockAlign} bytes, of ${channels} channels`)
  const coefficients = hasCoefficients ? readCoefficients(reader, name, fields + 2, stop) : none
  return { codec, channels, blockAlign, blockFrames, coefficients }
}

function readWord(reader: HeaderReader, codec: string, position: number, stop: number): number {
  if (position + 2 > stop) throw malformed(`${codec} with a fmt chunk that is too short`)
  return reader.u16(position)
}

/** Reads the table of coefficients, which begins with the number of its pairs. */
function readCoefficients(reader: HeaderReader, codec: string, position: number, stop: number): Int16Array {
  const pairs = readWord(reader, codec, position, stop)
  if (pairs < MIN_PAIRS || pairs > MAX_PAIRS) throw malformed(`${codec} with ${pairs} pairs of coefficients`)
  return Int16Array.from({ length: 2 * pairs }, (_, i) => readWord(reader, codec, position + 2 + 2 * i, stop))
}

/** The format of the decoded samples. */
function decodedFormat(
  coded: CodedLayout,
  sampleRate: number,
  byteRate: number,
  alignWarnings: readonly FormatWarning[],
  bigEndian: boolean,
): WavFormat {
  const { channels } = coded
  const format = sampleFormats.find(({ name }) => name === 'pcm16')!
  const warnings: FormatWarning[] = []
  // The exact byte rate may be a fraction, because a block holds many frames. Some writers round it
  // down, others up.
  const rate = (sampleRate * coded.blockAlign) / coded.blockFrames
  if (byteRate !== Math.floor(rate) % 2 ** 32 && byteRate !== Math.ceil(rate) % 2 ** 32) warnings.push('W_BYTE_RATE')
  warnings.push(...alignWarnings)
  const layout = { format, channels, blockAlign: channels * format.bytes, bigEndian, validBits: format.bits }
  return { ...layout, sampleRate, warnings, coded }
}

function nameOf(tag: number): string {
  const shown = `format tag 0x${tag.toString(16).padStart(4, '0')}`
  return tag in otherCodecs ? `${otherCodecs[tag]} (${shown})` : shown
}

/**
 * Finds the sample format. PCM takes as many bytes as its bits need; a float must have exactly 32
 * or 64 bits.
 */
function findFormat(bits: number, validBits: number, float: boolean): SampleFormat {
  const format = sampleFormats.find((known) => known.float === float && known.bytes === Math.ceil(bits / 8))
  if (format === undefined || (float && bits !== format.bits))
    throw unsupported(`${float ? 'float' : 'PCM'} of ${bits} bits`)
  if (float && validBits !== bits) throw unsupported(`${validBits} valid bits in a float of ${bits}`)
  return format
}

/**
 * Checks the block align of samples that are not in blocks of a codec. If it is wrong, the samples
 * may still be packed, one directly after the other: this returns a warning if SoX and ffmpeg read
 * them so, and throws if they do not.
 */
function checkBlockAlign(blockAlign: number, channels: number, bits: number, validBits: number): FormatWarning[] {
  const bytes = Math.ceil(bits / 8)
  const frameBytes = channels * bytes
  if (blockAlign === frameBytes) return []
  // The samples may really be padded.
  const isPadded = validBits !== 8 * bytes || (bytes === 3 && blockAlign === 4 * channels)
  if (isPadded || !isIgnored(blockAlign, frameBytes))
    throw malformed(`block align ${blockAlign}, where ${channels} x ${bits} bits take ${frameBytes}`)
  return ['W_BLOCK_ALIGN']
}

/**
 * Whether a wrong block align makes no difference to ffmpeg, as it makes none to SoX. If a packet
 * does not hold whole frames, ffmpeg drops the samples at its end.
 */
function isIgnored(blockAlign: number, frameBytes: number): boolean {
  const packet = blockAlign < 2 ? PACKET_BYTES : Math.max(blockAlign, PACKET_BYTES - (PACKET_BYTES % blockAlign))
  return packet % frameBytes === 0
}

/**
 * Reads the extension of an EXTENSIBLE format: the tag in its GUID, and the number of valid bits.
 */
function readExtension(
  reader: HeaderReader,
  start: number,
  size: number,
  bits: number,
): { tag: number; validBits: number } {
  if (size < FMT_EXTENSIBLE_BYTES) throw malformed(`EXTENSIBLE fmt chunk of ${size} bytes`)
  if (start + FMT_EXTENSIBLE_BYTES > reader.input.size)
    throw new Failure('E_WAV_TRUNCATED', 'the file ends in its fmt chunk')
  const extensionBytes = reader.u16(start + 16)
  if (extensionBytes < EXTENSION_BYTES)
    throw malformed(`EXTENSIBLE format with an extension of ${extensionBytes} bytes`)
  // SoX swaps only the tag's bytes when it writes RIFX.
  const tail = reader.bytes(start + 26, 14)
  const isAmbisonic = tail.equals(AMBISONIC_GUID_TAIL) && [FORMAT_PCM, FORMAT_FLOAT].includes(reader.u16(start + 24))
  const isPlain = isAmbisonic || tail.equals(GUID_TAIL)
  const isTagSwapped =
    reader.bigEndian && reader.u16(start + 24) === 0 && reader.bytes(start + 28, 12).equals(SWAPPED_GUID_TAIL)
  if (!isPlain && !isTagSwapped) throw unsupported(`sub-format ${hex(reader.bytes(start + 24, 16))}`)
  const tag = reader.u16(start + (isPlain ? 24 : 26))
  const validBits = reader.u16(start + 18)
  if (validBits > bits) throw malformed(`${validBits} valid bits in ${bits}`)
  return { tag, validBits: validBits === 0 ? bits : validBits }
}
