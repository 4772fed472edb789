#include "header.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "../failure.h"
#include "format.h"
#include "reader.h"
#include "tail.h"

namespace noisemill {

namespace {

// Maximum number of chunks that are read before the data. A chunk takes only eight bytes, so a
// small file can have millions. No real file has this many.
constexpr int kMaxChunks = 100'000;
// Maximum number of entries that are read from the table of long chunks. Each entry stands for 4
// GiB or more.
constexpr uint64_t kMaxLongChunks = 100;

// The ds64 chunk, which is always the first: start of its body, size of the body without a table,
// start of the table, size of an entry.
constexpr uint64_t kDs64Body = 20;
constexpr uint64_t kDs64MinBytes = 24;
constexpr uint64_t kDs64Table = kDs64Body + 28;
constexpr uint64_t kDs64EntryBytes = 12;

// A size beyond any file. JavaScript's numbers are exact below it.
constexpr uint64_t kBeyondAll = uint64_t{1} << 53;

// The data size that SoX leaves in the header when it writes to a pipe; it rounds this down to
// whole frames. Other writers leave 0xffffffff.
constexpr uint64_t kSoxStreamedSize = 0x7ffff000;

// Other formats whose files may be named like WAV files, by their first bytes.
struct OtherFormat {
  const char* magic;
  size_t length;
  const char* name;
};
constexpr OtherFormat kOtherFormats[] = {
    {"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb", 12, "Sony Wave64"},
    {"ID3", 3, "an ID3 tag, as before MP3"},
    {"FORM", 4, "AIFF"},
    {"fLaC", 4, "FLAC"},
    {"OggS", 4, "Ogg"},
    {"NIST", 4, "NIST SPHERE"},
    {"caff", 4, "Core Audio"},
    {".snd", 4, "Sun audio"},
    {"wvpk", 4, "WavPack"},
    {"MAC ", 4, "Monkey's Audio"},
};

constexpr std::pair<const char*, Container> kContainers[] = {
    {"RIFF", Container::kRiff}, {"RIFX", Container::kRifx}, {"RF64", Container::kRf64}, {"BW64", Container::kBw64}};

Container read_container(HeaderReader& reader) {
  const uint64_t size = reader.input.size();
  if (size < 12) {
    throw Failure{"E_WAV_TRUNCATED", std::to_string(size) + " bytes long, where a RIFF header takes 12"};
  }
  const uint8_t* start = reader.bytes(0, 12);
  for (const OtherFormat& other : kOtherFormats) {
    if (std::memcmp(start, other.magic, other.length) == 0) throw Failure{"E_WAV_NOT_RIFF", other.name};
  }
  for (const auto& [id, container] : kContainers) {
    if (reader.id(0) != id) continue;
    if (reader.id(8) == "WAVE") return container;
    throw Failure{"E_WAV_NOT_RIFF", std::string(id) + " of the form " + hex(reader.bytes(8, 4), 4)};
  }
  throw Failure{"E_WAV_NOT_RIFF", "starts with the bytes " + hex(reader.bytes(0, 4), 4)};
}

// The size of the data: as the header declares it, and as the file has it.
struct DataSize {
  uint64_t declared;
  // Bytes to the end of the file.
  uint64_t available;
  // Whether the header does not declare the size, or declares one that is clearly wrong.
  bool unknown;
};

// Finds the sizes of chunks. RF64 and BW64 keep sizes of 4 GiB and more in their ds64 chunk.
class ChunkSizes {
 public:
  ChunkSizes(HeaderReader& reader, Container container) : reader_(reader), riff_(reader.u32(4)) {
    if (!has_long_sizes(container)) return;
    const uint64_t file_size = reader.input.size();
    if (file_size < kDs64Body || reader.id(12) != "ds64") {
      const char* name = container == Container::kRf64 ? "RF64" : "BW64";
      throw Failure{"E_WAV_FORMAT", std::string(name) + " that does not begin with a ds64 chunk"};
    }
    const uint64_t size = reader.u32(16);
    // Sizes of 4 GiB and more are in the ds64 chunk, so it cannot be that long itself.
    if (size < kDs64MinBytes || size == kMaxU32) throw Failure{"E_WAV_FORMAT", "ds64 chunk of " + std::to_string(size) + " bytes"};
    if (kDs64Body + kDs64MinBytes > file_size) throw Failure{"E_WAV_TRUNCATED", "the file ends in its ds64 chunk"};
    if (riff_ == kMaxU32) riff_ = long_size(reader, kDs64Body);
    data_ = long_size(reader, kDs64Body + 8);
    const uint64_t end = std::min(file_size, kDs64Body + size);
    const uint64_t room = end < kDs64Table ? 0 : (end - kDs64Table) / kDs64EntryBytes;
    const uint64_t entries = end < kDs64Table ? 0 : std::min<uint64_t>(reader.u32(kDs64Table - 4), room);
    for (uint64_t entry = 0; entry < std::min(entries, kMaxLongChunks); entry++) {
      const uint64_t at = kDs64Table + entry * kDs64EntryBytes;
      others_.emplace(reader.id(at), long_size(reader, at + 4));
    }
  }

  // Returns the size of a chunk other than data. A long size that ds64 lacks counts as longer than
  // any file.
  uint64_t of(const std::string& id, uint64_t field) const {
    if (field != kMaxU32 || !data_) return field;
    const auto found = others_.find(id);
    return found == others_.end() ? kBeyondAll : found->second;
  }

  // Returns the size of the data, which start at `start`.
  DataSize of_data(uint64_t field, uint64_t start, uint32_t block_align) const {
    const uint64_t available = reader_.input.size() - start;
    const bool is_long = field == kMaxU32 && data_;
    const uint64_t declared = is_long ? *data_ : field;
    if (declared >= kBeyondAll) throw Failure{"E_WAV_FORMAT", "data of 2^53 bytes or more"};
    const bool unfinished = declared == 0 && is_unfinished(start);
    const bool sox = declared == kSoxStreamedSize || declared == kSoxStreamedSize - kSoxStreamedSize % block_align;
    const bool streamed = !is_long && (declared == kMaxU32 || sox);
    if (unfinished || streamed) return {declared, available, declared != available};
    const std::optional<uint64_t> wrapped = data_ ? std::nullopt : wrapped_size(declared, start);
    return {declared, wrapped.value_or(available), wrapped.has_value()};
  }

 private:
  // Whether the file is a recording whose writer never filled in the sizes. The size of the data is
  // then 0. RIFF's size is 0, the largest number, or that of a file without data.
  bool is_unfinished(uint64_t start) const {
    if (riff_ == 0 || riff_ == kMaxU32) return true;
    return 8 + riff_ <= start && is_recording(reader_, start);
  }

  // Returns the true size of data that end with the file, if the declared size wrapped around at
  // 2^32. Some writers keep to RIFF for 4 GiB and more. Throws Failure E_WAV_FORMAT if other bytes
  // than a padding byte seem to follow such data.
  std::optional<uint64_t> wrapped_size(uint64_t declared, uint64_t start) const {
    constexpr uint64_t kWrap = uint64_t{1} << 32;
    const uint64_t size = reader_.input.size();
    for (uint64_t bytes = declared + kWrap; start + bytes <= size; bytes += kWrap) {
      const uint64_t rest = size - start - bytes;
      if (rest == 0 || (rest == 1 && bytes % 2 == 1)) return bytes;
      if (has_trailing_bytes(reader_, start + declared) && !has_trailing_bytes(reader_, start + bytes)) {
        throw Failure{"E_WAV_FORMAT", "data of " + std::to_string(declared) + " bytes, or of " + std::to_string(bytes) +
                                          " with " + std::to_string(rest) + " bytes after them"};
      }
    }
    return std::nullopt;
  }

  static uint64_t long_size(HeaderReader& reader, uint64_t position) { return std::min(reader.u64(position), kBeyondAll); }

  HeaderReader& reader_;
  // Size of the file without its first eight bytes, as the header declares it.
  uint64_t riff_;
  // Sizes in ds64: that of the data, and those of other chunks by name.
  std::optional<uint64_t> data_;
  std::map<std::string, uint64_t> others_;
};

void locate_data(const DataSize& size, uint64_t data_offset, WavHeader& header) {
  header.sizes_lie = size.unknown || size.declared > size.available;
  const uint64_t bytes = header.sizes_lie ? size.available : size.declared;
  header.frames = header.coded ? frames_of_data(*header.coded, bytes) : bytes / header.block_align;
  header.data_offset = data_offset;
  header.data_bytes = header.coded ? bytes : header.frames * header.block_align;
  if (header.sizes_lie) header.warnings.push_back(size.unknown ? "W_SIZE_UNKNOWN" : "W_DATA_CUT_SHORT");
  if (header.coded ? ends_in_frame(*header.coded, bytes) : header.data_bytes < bytes) header.warnings.push_back("W_PARTIAL_FRAME");
}

}  // namespace

WavHeader read_header(const Input& input) {
  HeaderReader reader(input);
  const Container container = read_container(reader);
  reader.big_endian = container == Container::kRifx;
  const ChunkSizes sizes(reader, container);
  std::optional<WavFormat> format;
  uint64_t format_offset = 0;
  uint64_t format_end = 0;
  uint64_t position = 12;
  for (int chunk = 0; position + 8 <= input.size(); chunk++) {
    if (chunk == kMaxChunks) {
      throw Failure{"E_WAV_NO_DATA", "no data in the first " + std::to_string(kMaxChunks) + " chunks"};
    }
    const std::string id = reader.id(position);
    const uint64_t field = reader.u32(position + 4);
    const uint64_t start = position + 8;
    if (id == "data") {
      if (!format) throw Failure{"E_WAV_NO_FORMAT", "the data come before any fmt chunk"};
      WavHeader header;
      static_cast<FrameLayout&>(header) = format->layout;
      header.container = container;
      if (format->coded) header.coded = {*format->coded, format_offset, format_end};
      const uint32_t block_align = format->coded ? format->coded->block_align : header.block_align;
      const DataSize size = sizes.of_data(field, start, block_align);
      locate_data(size, start, header);
      if (!header.sizes_lie && has_trailing_bytes(reader, start + size.declared)) header.warnings.push_back("W_TRAILING_BYTES");
      header.warnings.insert(header.warnings.end(), format->warnings.begin(), format->warnings.end());
      return header;
    }
    const uint64_t size = sizes.of(id, field);
    const uint64_t next = start + size + size % 2;
    if (id == "fmt " && !format) {
      format = read_format(reader, start, size);
      format_offset = position;
      format_end = next;
    }
    position = next;
  }
  if (!format) throw Failure{"E_WAV_NO_FORMAT", "the file ends before any fmt chunk"};
  throw Failure{"E_WAV_NO_DATA", "the file ends before any data chunk"};
}

void refuse_warnings(const std::vector<const char*>& warnings) {
  std::string all;
  for (const char* warning : warnings) all += (all.empty() ? "" : ", ") + std::string(warning);
  if (!all.empty()) throw Failure{"E_WAV_STRICT", all};
}

}  // namespace noisemill
