#include "header.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "../failure.h"

namespace noisemill {

namespace {

// A chunk takes eight bytes, so a small file can hold millions; no real one has this many before its data.
constexpr int kMaxChunks = 100'000;

constexpr uint16_t kFormatPcm = 0x0001;
constexpr uint16_t kFormatFloat = 0x0003;
constexpr uint16_t kFormatExtensible = 0xfffe;
constexpr uint32_t kFmtMinBytes = 16;
constexpr uint32_t kFmtExtensibleBytes = 40;
constexpr uint32_t kExtensionBytes = 22;
// What follows the format tag in the GUID of every sub-format that stands for a tag.
constexpr uint8_t kGuidTail[14] = {0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71};

// Sizes that writers to a pipe leave in the header: the largest there is, and SoX's.
constexpr uint32_t kStreamedSizes[] = {0xffffffff, 0x7ffff000};

uint32_t read_u16(const uint8_t* bytes) { return bytes[0] | static_cast<uint32_t>(bytes[1]) << 8; }
uint32_t read_u32(const uint8_t* bytes) { return read_u16(bytes) | read_u16(bytes + 2) << 16; }

class HeaderReader {
 public:
  explicit HeaderReader(const InputFile& input) : input(input) {}

  const InputFile& input;

  // At least `length` (at most 64) bytes from `position`; the caller knows that the file has them.
  const uint8_t* bytes(uint64_t position, size_t length) {
    if (position < start_ || position + length > start_ + length_) {
      start_ = position;
      length_ = static_cast<size_t>(std::min<uint64_t>(sizeof window_, input.size() - position));
      input.read(position, window_, length_);
    }
    return window_ + (position - start_);
  }

 private:
  uint8_t window_[4096];
  uint64_t start_ = 0;
  size_t length_ = 0;
};

std::string hex(const uint8_t* bytes, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; i++) {
    char pair[4];
    std::snprintf(pair, sizeof pair, i == 0 ? "%02x" : " %02x", bytes[i]);
    text += pair;
  }
  return text;
}

bool is_id(const uint8_t* bytes, const char* id) { return std::memcmp(bytes, id, 4) == 0; }

Failure malformed(const std::string& detail) { return {"E_WAV_FORMAT", detail}; }
Failure unsupported(const std::string& detail) { return {"E_WAV_UNSUPPORTED", detail}; }

void check_container(HeaderReader& reader) {
  const uint64_t size = reader.input.size();
  if (size < 12) {
    throw Failure{"E_WAV_TRUNCATED", std::to_string(size) + " bytes long, where a RIFF header takes 12"};
  }
  const uint8_t* head = reader.bytes(0, 12);
  if (is_id(head, "RIFX") || is_id(head, "RF64") || is_id(head, "BW64")) {
    throw unsupported("container " + std::string(reinterpret_cast<const char*>(head), 4));
  }
  if (is_id(head, "riff")) throw unsupported("container Wave64");
  if (!is_id(head, "RIFF")) throw Failure{"E_WAV_NOT_RIFF", "starts with the bytes " + hex(head, 4)};
  if (!is_id(head + 8, "WAVE")) throw Failure{"E_WAV_NOT_RIFF", "RIFF of the form " + hex(head + 8, 4)};
}

// The format tag that the extension of an EXTENSIBLE format stands for.
uint32_t read_extension(HeaderReader& reader, uint64_t start, uint32_t size, uint32_t bits) {
  if (size < kFmtExtensibleBytes) throw malformed("EXTENSIBLE fmt chunk of " + std::to_string(size) + " bytes");
  if (start + kFmtExtensibleBytes > reader.input.size()) {
    throw Failure{"E_WAV_TRUNCATED", "the file ends in its fmt chunk"};
  }
  const uint8_t* bytes = reader.bytes(start, kFmtExtensibleBytes);
  const uint32_t extension_bytes = read_u16(bytes + 16);
  if (extension_bytes < kExtensionBytes) {
    throw malformed("EXTENSIBLE format with an extension of " + std::to_string(extension_bytes) + " bytes");
  }
  if (std::memcmp(bytes + 26, kGuidTail, sizeof kGuidTail) != 0) {
    throw unsupported("sub-format " + hex(bytes + 24, 16));
  }
  const uint32_t valid_bits = read_u16(bytes + 18);
  if (valid_bits > bits) throw malformed(std::to_string(valid_bits) + " valid bits in " + std::to_string(bits));
  if (valid_bits != 0 && valid_bits != bits) {
    throw unsupported(std::to_string(valid_bits) + " valid bits in a container of " + std::to_string(bits));
  }
  return read_u16(bytes + 24);
}

// Fills in what the fmt chunk says.
void read_format(HeaderReader& reader, uint64_t start, uint32_t size, WavHeader& header) {
  if (size < kFmtMinBytes) throw malformed("fmt chunk of " + std::to_string(size) + " bytes");
  if (start + kFmtMinBytes > reader.input.size()) throw Failure{"E_WAV_TRUNCATED", "the file ends in its fmt chunk"};
  const uint8_t* head = reader.bytes(start, kFmtMinBytes);
  const uint32_t channels = read_u16(head + 2);
  const uint32_t sample_rate = read_u32(head + 4);
  const uint32_t block_align = read_u16(head + 12);
  const uint32_t bits = read_u16(head + 14);
  uint32_t tag = read_u16(head);
  if (tag == kFormatExtensible) tag = read_extension(reader, start, size, bits);

  if (tag != kFormatPcm && tag != kFormatFloat) {
    char text[32];
    std::snprintf(text, sizeof text, "format tag 0x%04x", tag);
    throw unsupported(text);
  }
  if (channels == 0) throw malformed("0 channels");
  if (channels > kMaxChannels) throw unsupported(std::to_string(channels) + " channels");
  if (sample_rate == 0) throw malformed("sample rate 0");
  if (bits == 0) throw malformed("0 bits a sample");
  const bool is_float = tag == kFormatFloat;
  header.format = find_sample_format(bits, is_float);
  if (header.format == nullptr) {
    throw unsupported(std::string(is_float ? "float" : "PCM") + " of " + std::to_string(bits) + " bits");
  }
  const uint32_t frame_bytes = channels * header.format->bytes;
  if (block_align != frame_bytes) {
    throw malformed("block align " + std::to_string(block_align) + ", where " + std::to_string(channels) + " x " +
                    std::to_string(bits) + " bits take " + std::to_string(frame_bytes));
  }
  header.channels = channels;
  header.sample_rate = sample_rate;
  header.block_align = block_align;
  header.valid_bits = bits;
}

void locate_data(uint64_t file_size, uint64_t data_offset, uint32_t declared, WavHeader& header) {
  const uint64_t available = file_size - data_offset;
  const bool streamed = std::find(std::begin(kStreamedSizes), std::end(kStreamedSizes), declared) != std::end(kStreamedSizes);
  header.sizes_lie = declared > available || (streamed && declared != available);
  const uint64_t bytes = header.sizes_lie ? available : declared;
  header.frames = bytes / header.block_align;
  header.data_offset = data_offset;
  header.data_bytes = header.frames * header.block_align;
  header.partial_frame_bytes = static_cast<uint32_t>(bytes - header.data_bytes);
}

}  // namespace

WavHeader read_header(const InputFile& input) {
  HeaderReader reader(input);
  check_container(reader);
  WavHeader header;
  uint64_t position = 12;
  for (int chunk = 0; position + 8 <= input.size(); chunk++) {
    if (chunk == kMaxChunks) {
      throw Failure{"E_WAV_NO_DATA", "no data in the first " + std::to_string(kMaxChunks) + " chunks"};
    }
    const uint8_t* head = reader.bytes(position, 8);
    const uint32_t size = read_u32(head + 4);
    const bool is_data = is_id(head, "data");
    const bool is_format = is_id(head, "fmt ");
    const uint64_t start = position + 8;
    if (is_data) {
      if (header.format == nullptr) throw Failure{"E_WAV_NO_FORMAT", "the data come before any fmt chunk"};
      locate_data(input.size(), start, size, header);
      return header;
    }
    if (is_format && header.format == nullptr) read_format(reader, start, size, header);
    position = start + size + (size & 1);
  }
  if (header.format == nullptr) throw Failure{"E_WAV_NO_FORMAT", "the file ends before any fmt chunk"};
  throw Failure{"E_WAV_NO_DATA", "the file ends before any data chunk"};
}

}  // namespace noisemill
