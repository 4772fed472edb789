#include "format.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "../failure.h"

namespace noisemill {

namespace {

constexpr uint32_t kFormatPcm = 0x0001;
constexpr uint32_t kFormatFloat = 0x0003;
constexpr uint32_t kFormatExtensible = 0xfffe;
constexpr uint64_t kFmtMinBytes = 16;
constexpr uint64_t kFmtExtensibleBytes = 40;
constexpr uint32_t kExtensionBytes = 22;
// Number of bytes that ffmpeg 5.1 reads at once: as many whole blocks as fit, but at least one.
constexpr uint32_t kPacketBytes = 4096;
// Offset of a codec's own fields in the fmt chunk, after the size of the extension. In an
// EXTENSIBLE chunk they follow its fixed fields instead.
constexpr uint64_t kCodecFields = 18;
// Number of coefficient pairs of MS ADPCM. Every table begins with the seven standard pairs, and a
// byte can number 256.
constexpr uint32_t kMinPairs = 7;
constexpr uint32_t kMaxPairs = 256;
// The bytes after the tag in a GUID that stands for a format tag.
constexpr uint8_t kGuidTail[14] = {0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71};
// In RIFX all numbers of the GUID may have their high byte first. Two zeros then precede the tag,
// and these bytes follow it.
constexpr uint8_t kSwappedGuidTail[12] = {0x00, 0x00, 0x00, 0x10, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71};

// The bytes after the tag in a GUID of Ambisonic B-format (Dobson, "The AMB Ambisonic File Format",
// 2000). It has only PCM and float, and its samples are stored like all others.
constexpr uint8_t kAmbisonicGuidTail[14] = {0x00, 0x00, 0x21, 0x07, 0xd3, 0x11, 0x86, 0x44, 0xc8, 0xc1, 0xca, 0x00, 0x00, 0x00};

using Warnings = std::vector<const char*>;

// Codecs that occur in WAV files but are not decoded. The error names them.
struct OtherCodec {
  uint32_t tag;
  const char* name;
};
constexpr OtherCodec kOtherCodecs[] = {
    {0x0008, "DTS"},
    {0x0010, "OKI ADPCM"},
    {0x0014, "G.723 ADPCM"},
    {0x0017, "Dialogic ADPCM"},
    {0x0020, "Yamaha ADPCM"},
    {0x0022, "TrueSpeech"},
    {0x0031, "GSM 6.10"},
    {0x0040, "G.721 ADPCM"},
    {0x0045, "G.726 ADPCM"},
    {0x0050, "MPEG audio layer 1 or 2"},
    {0x0055, "MP3"},
    {0x0064, "G.726 ADPCM"},
    {0x0092, "AC-3"},
    {0x00ff, "AAC"},
    {0x0160, "WMA 1"},
    {0x0161, "WMA 2"},
    {0x0162, "WMA Pro"},
    {0x0163, "WMA Lossless"},
    {0x1600, "AAC"},
    {0x1610, "AAC"},
    {0x2000, "AC-3"},
    {0x2001, "DTS"},
    {0x566f, "Vorbis"},
    {0x674f, "Vorbis"},
    {0x704f, "Opus"},
    {0xf1ac, "FLAC"},
};

Failure malformed(const std::string& detail) { return {"E_WAV_FORMAT", detail}; }
Failure unsupported(const std::string& detail) { return {"E_WAV_UNSUPPORTED", detail}; }

std::string name_of(uint32_t tag) {
  char shown[32];
  std::snprintf(shown, sizeof shown, "format tag 0x%04x", tag);
  for (const OtherCodec& other : kOtherCodecs) {
    if (other.tag == tag) return std::string(other.name) + " (" + shown + ")";
  }
  return shown;
}

// Finds the sample format. PCM takes as many bytes as its bits need; a float must have exactly 32
// or 64 bits.
const SampleFormat* find_format(uint32_t bits, uint32_t valid_bits, bool is_float) {
  const SampleFormat* format = find_sample_format((bits + 7) / 8 * 8, is_float);
  if (format == nullptr || (is_float && bits != format->bits)) {
    throw unsupported(std::string(is_float ? "float" : "PCM") + " of " + std::to_string(bits) + " bits");
  }
  if (is_float && valid_bits != bits) {
    throw unsupported(std::to_string(valid_bits) + " valid bits in a float of " + std::to_string(bits));
  }
  return format;
}

// Whether a wrong block align makes no difference to ffmpeg, as it makes none to SoX. If a packet
// does not hold whole frames, ffmpeg drops the samples at its end.
bool is_ignored(uint32_t block_align, uint32_t frame_bytes) {
  const uint32_t packet = block_align < 2 ? kPacketBytes : std::max(block_align, kPacketBytes - kPacketBytes % block_align);
  return packet % frame_bytes == 0;
}

// Checks the block align of samples that are not in blocks of a codec. If it is wrong, the samples
// may still be packed, one directly after the other: this returns a warning if SoX and ffmpeg read
// them so, and throws if they do not.
Warnings check_block_align(uint32_t block_align, uint32_t channels, uint32_t bits, uint32_t valid_bits) {
  const uint32_t bytes = (bits + 7) / 8;
  const uint32_t frame_bytes = channels * bytes;
  if (block_align == frame_bytes) return {};
  // The samples may really be padded.
  const bool is_padded = valid_bits != 8 * bytes || (bytes == 3 && block_align == 4 * channels);
  if (is_padded || !is_ignored(block_align, frame_bytes)) {
    throw malformed("block align " + std::to_string(block_align) + ", where " + std::to_string(channels) + " x " +
                    std::to_string(bits) + " bits take " + std::to_string(frame_bytes));
  }
  return {"W_BLOCK_ALIGN"};
}

struct Encoding {
  uint32_t tag;
  uint32_t valid_bits;
};

// Reads the extension of an EXTENSIBLE format: the tag in its GUID, and the number of valid bits.
Encoding read_extension(HeaderReader& reader, uint64_t start, uint64_t size, uint32_t bits) {
  if (size < kFmtExtensibleBytes) throw malformed("EXTENSIBLE fmt chunk of " + std::to_string(size) + " bytes");
  if (start + kFmtExtensibleBytes > reader.input.size()) {
    throw Failure{"E_WAV_TRUNCATED", "the file ends in its fmt chunk"};
  }
  const uint32_t extension_bytes = reader.u16(start + 16);
  if (extension_bytes < kExtensionBytes) {
    throw malformed("EXTENSIBLE format with an extension of " + std::to_string(extension_bytes) + " bytes");
  }
  // SoX swaps only the tag's bytes when it writes RIFX.
  const uint32_t first = reader.u16(start + 24);
  const uint8_t* const tail = reader.bytes(start + 26, sizeof kGuidTail);
  const bool ambisonic = std::memcmp(tail, kAmbisonicGuidTail, sizeof kGuidTail) == 0 && (first == kFormatPcm || first == kFormatFloat);
  const bool plain = ambisonic || std::memcmp(tail, kGuidTail, sizeof kGuidTail) == 0;
  const bool swapped = reader.big_endian && reader.u16(start + 24) == 0 &&
                      std::memcmp(reader.bytes(start + 28, sizeof kSwappedGuidTail), kSwappedGuidTail, sizeof kSwappedGuidTail) == 0;
  if (!plain && !swapped) throw unsupported("sub-format " + hex(reader.bytes(start + 24, 16), 16));
  const uint32_t tag = reader.u16(start + (plain ? 24 : 26));
  const uint32_t valid_bits = reader.u16(start + 18);
  if (valid_bits > bits) throw malformed(std::to_string(valid_bits) + " valid bits in " + std::to_string(bits));
  return {tag, valid_bits == 0 ? bits : valid_bits};
}

uint32_t read_word(HeaderReader& reader, const char* codec, uint64_t position, uint64_t stop) {
  if (position + 2 > stop) throw malformed(std::string(codec) + " with a fmt chunk that is too short");
  return reader.u16(position);
}

// Reads the table of coefficients, which begins with the number of its pairs.
std::vector<int16_t> read_coefficients(HeaderReader& reader, const char* codec, uint64_t position, uint64_t stop) {
  const uint32_t pairs = read_word(reader, codec, position, stop);
  if (pairs < kMinPairs || pairs > kMaxPairs) {
    throw malformed(std::string(codec) + " with " + std::to_string(pairs) + " pairs of coefficients");
  }
  std::vector<int16_t> coefficients;
  for (uint32_t i = 0; i < 2 * pairs; i++) {
    coefficients.push_back(static_cast<int16_t>(read_word(reader, codec, position + 2 + 2 * i, stop)));
  }
  return coefficients;
}

// Reads the layout of a codec's blocks. The codec's own fields begin at `fields`, and the chunk
// ends at `end`.
CodedLayout read_layout(HeaderReader& reader, const Codec& codec, uint32_t channels, uint32_t block_align, uint64_t fields,
                        uint64_t end) {
  // A codec without blocks needs no block align.
  if (!codec.has_blocks) return {&codec, channels, channels, 1, {}};
  const uint64_t stop = std::min(end, reader.input.size());
  const std::string of = " of " + std::to_string(channels) + " channels";
  const uint32_t most = frames_that_fit(codec, channels, block_align);
  if (most == 0) throw malformed(std::string(codec.name) + " with block align " + std::to_string(block_align) + of);
  // Codecs without coefficients may omit the field. A block then has as many frames as fit.
  const bool has_field = codec.has_coefficients || fields + 2 <= stop;
  const uint32_t block_frames = has_field ? read_word(reader, codec.name, fields, stop) : most;
  if (block_frames < codec.head_frames || block_frames > most || (block_frames - codec.head_frames) % codec.group_frames != 0) {
    throw malformed(std::string(codec.name) + " with " + std::to_string(block_frames) + " frames in a block of " +
                    std::to_string(block_align) + " bytes," + of);
  }
  CodedLayout layout = {&codec, channels, block_align, block_frames, {}};
  if (codec.has_coefficients) layout.coefficients = read_coefficients(reader, codec.name, fields + 2, stop);
  return layout;
}

// The format of the decoded samples.
WavFormat decoded_format(CodedLayout coded, uint32_t sample_rate, uint32_t byte_rate, const Warnings& align_warnings, bool big_endian) {
  WavFormat result;
  const SampleFormat* format = find_sample_format(16, false);
  // The exact byte rate may be a fraction, because a block holds many frames. Some writers round it
  // down, others up.
  const uint64_t bytes = uint64_t{sample_rate} * coded.block_align;
  const auto down = static_cast<uint32_t>(bytes / coded.block_frames);
  const auto up = static_cast<uint32_t>((bytes + coded.block_frames - 1) / coded.block_frames);
  if (byte_rate != down && byte_rate != up) result.warnings.push_back("W_BYTE_RATE");
  result.warnings.insert(result.warnings.end(), align_warnings.begin(), align_warnings.end());
  result.layout.format = format;
  result.layout.channels = coded.channels;
  result.layout.block_align = coded.channels * format->bytes;
  result.layout.big_endian = big_endian;
  result.layout.valid_bits = format->bits;
  result.layout.sample_rate = sample_rate;
  result.coded = std::move(coded);
  return result;
}

}  // namespace

WavFormat read_format(HeaderReader& reader, uint64_t start, uint64_t size) {
  if (size < kFmtMinBytes) throw malformed("fmt chunk of " + std::to_string(size) + " bytes");
  if (start + kFmtMinBytes > reader.input.size()) throw Failure{"E_WAV_TRUNCATED", "the file ends in its fmt chunk"};
  const uint32_t channels = reader.u16(start + 2);
  const uint32_t sample_rate = reader.u32(start + 4);
  const uint32_t byte_rate = reader.u32(start + 8);
  const uint32_t block_align = reader.u16(start + 12);
  const uint32_t bits = reader.u16(start + 14);
  Encoding encoding = {reader.u16(start), bits};
  const bool is_extensible = encoding.tag == kFormatExtensible;
  if (is_extensible) encoding = read_extension(reader, start, size, bits);

  const Codec* codec = find_codec(encoding.tag);
  if (encoding.tag != kFormatPcm && encoding.tag != kFormatFloat && codec == nullptr) throw unsupported(name_of(encoding.tag));
  if (channels == 0) throw malformed("0 channels");
  if (channels > kMaxChannels) throw unsupported(std::to_string(channels) + " channels");
  if (sample_rate == 0) throw malformed("sample rate 0");
  if (bits == 0) throw malformed("0 bits a sample");
  if (codec != nullptr) {
    if (bits != codec->bits) throw malformed(std::string(codec->name) + " of " + std::to_string(bits) + " bits");
    const uint64_t fields = start + (is_extensible ? kFmtExtensibleBytes : kCodecFields);
    CodedLayout coded = read_layout(reader, *codec, channels, block_align, fields, start + size);
    const Warnings align_warnings = codec->has_blocks ? Warnings{} : check_block_align(block_align, channels, bits, bits);
    return decoded_format(std::move(coded), sample_rate, byte_rate, align_warnings, reader.big_endian);
  }
  WavFormat result;
  const SampleFormat* format = find_format(bits, encoding.valid_bits, encoding.tag == kFormatFloat);
  const uint32_t frame_bytes = channels * format->bytes;
  // The field holds only the low 32 bits.
  if (byte_rate != static_cast<uint32_t>(uint64_t{sample_rate} * frame_bytes)) result.warnings.push_back("W_BYTE_RATE");
  const Warnings align_warnings = check_block_align(block_align, channels, bits, encoding.valid_bits);
  result.warnings.insert(result.warnings.end(), align_warnings.begin(), align_warnings.end());
  result.layout.format = format;
  result.layout.channels = channels;
  result.layout.block_align = frame_bytes;
  result.layout.big_endian = reader.big_endian;
  result.layout.valid_bits = encoding.valid_bits;
  result.layout.sample_rate = sample_rate;
  return result;
}

}  // namespace noisemill
