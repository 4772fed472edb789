#include "tail.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>

namespace noisemill {

namespace {

// Maximum number of chunks that are read. No real file has more.
constexpr int kMaxChunks = 100'000;
// Fewer bytes than this after an empty data chunk are not a recording.
constexpr uint64_t kMinRecordingBytes = 4096;
// Up to this many bytes after the last chunk count as padding and cause no warning.
constexpr uint64_t kFewBytes = 16;
// Tags that other programs append to files of any format.
constexpr const char* kTags[] = {"TAG", "ID3", "APETAGEX", "LYRICS"};

// Whether the bytes are four printable ASCII characters or spaces.
bool is_chunk_id(const uint8_t* bytes) {
  return std::all_of(bytes, bytes + 4, [](uint8_t byte) { return byte >= 0x20 && byte <= 0x7e; });
}

// Returns the end of the consecutive chunks that start at `position`; `position` itself if there
// are none.
uint64_t end_of_chunks(HeaderReader& reader, uint64_t position) {
  const uint64_t size = reader.input.size();
  uint64_t end = position;
  for (int chunk = 0; chunk < kMaxChunks && end + 8 <= size && is_chunk_id(reader.bytes(end, 4)); chunk++) {
    const uint64_t length = reader.u32(end + 4);
    if (end + 8 + length > size) break;
    end += 8 + length + length % 2;
  }
  return std::min(end, size);
}

bool begins_with_tag(HeaderReader& reader, uint64_t position) {
  const uint64_t left = reader.input.size() - std::min(position, reader.input.size());
  return std::any_of(std::begin(kTags), std::end(kTags), [&](const char* tag) {
    const size_t length = std::strlen(tag);
    return length <= left && std::memcmp(reader.bytes(position, length), tag, length) == 0;
  });
}

bool is_zero(HeaderReader& reader, uint64_t start) {
  const uint64_t size = reader.input.size();
  for (uint64_t at = start; at < size; at += 64) {
    const auto length = static_cast<size_t>(std::min<uint64_t>(64, size - at));
    const uint8_t* const bytes = reader.bytes(at, length);
    if (std::any_of(bytes, bytes + length, [](uint8_t byte) { return byte != 0; })) return false;
  }
  return true;
}

}  // namespace

bool is_recording(HeaderReader& reader, uint64_t start) {
  const uint64_t size = reader.input.size();
  if (size - start < kMinRecordingBytes || begins_with_tag(reader, start)) return false;
  const uint64_t end = end_of_chunks(reader, start);
  const bool chunks = end > start && size - end <= kFewBytes;
  return !chunks && !is_zero(reader, start);
}

bool has_trailing_bytes(HeaderReader& reader, uint64_t data_end) {
  const uint64_t size = reader.input.size();
  uint64_t end = end_of_chunks(reader, data_end + data_end % 2);
  // Some writers omit the padding byte after data of odd size.
  if (data_end % 2 == 1 && end == data_end + 1) end = std::max(end, end_of_chunks(reader, data_end));
  return end + kFewBytes < size && !begins_with_tag(reader, end);
}

}  // namespace noisemill
