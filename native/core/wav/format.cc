#include "format.h"

#include <cstdio>
#include <cstring>
#include <string>

#include "../failure.h"

namespace noisemill {

namespace {

constexpr uint32_t kFormatPcm = 0x0001;
constexpr uint32_t kFormatFloat = 0x0003;
constexpr uint32_t kFormatExtensible = 0xfffe;
constexpr uint64_t kFmtMinBytes = 16;
constexpr uint64_t kFmtExtensibleBytes = 40;
constexpr uint32_t kExtensionBytes = 22;
// What follows the tag in the GUID of every sub-format that stands for one.
constexpr uint8_t kGuidTail[14] = {0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71};
// In RIFX, where all numbers of a GUID have their high byte first, the tag has two zeros before it, and this behind it.
constexpr uint8_t kTurnedGuidTail[12] = {0x00, 0x00, 0x00, 0x10, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71};

// A-law, mu-law and IMA ADPCM: TypeScript decodes them, see lib/core/wav/codecs.ts and lib/backends/native.ts.
constexpr uint32_t kDecodedTags[] = {0x0006, 0x0007, 0x0011};

// Codecs that are met in WAV files and not decoded, so that they are refused by their names.
struct Codec {
  uint32_t tag;
  const char* name;
};
constexpr Codec kCodecs[] = {
    {0x0002, "MS ADPCM"},
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
  for (const Codec& codec : kCodecs) {
    if (codec.tag == tag) return std::string(codec.name) + " (" + shown + ")";
  }
  return shown;
}

// PCM lies in as many bytes as its bits take; a float has no others than it has.
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

// Whether samples lie one after the other though the block align says otherwise: readers go by channels and bits, but for two cases
// in which those bytes may well be padded.
bool is_packed(const SampleFormat& format, uint32_t valid_bits, uint32_t channels, uint32_t block_align) {
  if (block_align == 0 || valid_bits != format.bits) return false;
  return !(format.id == SampleFormatName::kPcm24 && block_align == 4 * channels);
}

struct Encoding {
  uint32_t tag;
  uint32_t valid_bits;
};

// What the extension of an EXTENSIBLE format says: the tag that its GUID stands for, and how many bits are valid.
Encoding read_extension(HeaderReader& reader, uint64_t start, uint64_t size, uint32_t bits) {
  if (size < kFmtExtensibleBytes) throw malformed("EXTENSIBLE fmt chunk of " + std::to_string(size) + " bytes");
  if (start + kFmtExtensibleBytes > reader.input.size()) {
    throw Failure{"E_WAV_TRUNCATED", "the file ends in its fmt chunk"};
  }
  const uint32_t extension_bytes = reader.u16(start + 16);
  if (extension_bytes < kExtensionBytes) {
    throw malformed("EXTENSIBLE format with an extension of " + std::to_string(extension_bytes) + " bytes");
  }
  // SoX writes RIFX with the tag alone turned around.
  const bool plain = std::memcmp(reader.bytes(start + 26, sizeof kGuidTail), kGuidTail, sizeof kGuidTail) == 0;
  const bool turned = reader.big_endian && reader.u16(start + 24) == 0 &&
                      std::memcmp(reader.bytes(start + 28, sizeof kTurnedGuidTail), kTurnedGuidTail, sizeof kTurnedGuidTail) == 0;
  if (!plain && !turned) throw unsupported("sub-format " + hex(reader.bytes(start + 24, 16), 16));
  const uint32_t tag = reader.u16(start + (plain ? 24 : 26));
  const uint32_t valid_bits = reader.u16(start + 18);
  if (valid_bits > bits) throw malformed(std::to_string(valid_bits) + " valid bits in " + std::to_string(bits));
  return {tag, valid_bits == 0 ? bits : valid_bits};
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
  if (encoding.tag == kFormatExtensible) encoding = read_extension(reader, start, size, bits);

  for (const uint32_t tag : kDecodedTags) {
    if (encoding.tag == tag) throw Failure{"E_WAV_CODED", name_of(tag)};
  }
  if (encoding.tag != kFormatPcm && encoding.tag != kFormatFloat) throw unsupported(name_of(encoding.tag));
  if (channels == 0) throw malformed("0 channels");
  if (channels > kMaxChannels) throw unsupported(std::to_string(channels) + " channels");
  if (sample_rate == 0) throw malformed("sample rate 0");
  if (bits == 0) throw malformed("0 bits a sample");
  WavFormat result;
  const SampleFormat* format = find_format(bits, encoding.valid_bits, encoding.tag == kFormatFloat);
  const uint32_t frame_bytes = channels * format->bytes;
  // All that the field has room for.
  if (byte_rate != static_cast<uint32_t>(uint64_t{sample_rate} * frame_bytes)) result.warnings.push_back("W_BYTE_RATE");
  if (block_align != frame_bytes) {
    if (!is_packed(*format, encoding.valid_bits, channels, block_align)) {
      throw malformed("block align " + std::to_string(block_align) + ", where " + std::to_string(channels) + " x " +
                      std::to_string(bits) + " bits take " + std::to_string(frame_bytes));
    }
    result.warnings.push_back("W_BLOCK_ALIGN");
  }
  result.layout.format = format;
  result.layout.channels = channels;
  result.layout.block_align = frame_bytes;
  result.layout.big_endian = reader.big_endian;
  result.layout.valid_bits = encoding.valid_bits;
  result.layout.sample_rate = sample_rate;
  return result;
}

}  // namespace noisemill
