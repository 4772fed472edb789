#include "decoded.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "../failure.h"
#include "repair.h"
#include "samples.h"

namespace noisemill {

namespace {

constexpr uint64_t kRiffHeadBytes = 12;
constexpr uint64_t kChunkHeadBytes = 8;
constexpr uint64_t kFmtBytes = 16;
// Bytes of an RF64 or BW64 file up to the end of the sizes in its ds64 chunk.
constexpr uint64_t kLongHeadBytes = 44;
// Bytes of blocks that are decoded at once. With their samples they stay in a level-1 or level-2
// cache.
constexpr uint64_t kGroupBytes = 16 * 1024;

// A stretch of the decoded file: new bytes, bytes of the input from `from` on, or decoded samples.
struct Stretch {
  enum class Kind : uint8_t { kMade, kCarried, kSamples };

  Kind kind;
  uint64_t length;
  std::vector<uint8_t> bytes;
  uint64_t from = 0;
};

Stretch made(std::vector<uint8_t> bytes) { return {Stretch::Kind::kMade, bytes.size(), std::move(bytes)}; }

Stretch carried(uint64_t from, uint64_t end) { return {Stretch::Kind::kCarried, end - from, {}, from}; }

uint64_t length_of(const std::vector<Stretch>& stretches) {
  uint64_t sum = 0;
  for (const Stretch& stretch : stretches) sum += stretch.length;
  return sum;
}

std::vector<uint8_t> chunk_head(const char* id, uint64_t size, bool big_endian) {
  std::vector<uint8_t> head(kChunkHeadBytes);
  std::memcpy(head.data(), id, 4);
  put(head.data() + 4, 4, size, big_endian);
  return head;
}

std::vector<uint8_t> pcm_format(const WavHeader& header) {
  std::vector<uint8_t> chunk = chunk_head("fmt ", kFmtBytes, header.big_endian);
  const auto add = [&](size_t count, uint64_t value) {
    chunk.resize(chunk.size() + count);
    put(chunk.data() + chunk.size() - count, count, value, header.big_endian);
  };
  add(2, 1);
  add(2, header.channels);
  add(4, header.sample_rate);
  add(4, uint64_t{header.sample_rate} * header.block_align);
  add(2, header.block_align);
  add(2, header.format->bits);
  return chunk;
}

const char* name_of(Container container) { return container == Container::kRiff ? "RIFF" : "RIFX"; }

uint64_t divide_up(uint64_t value, uint64_t by) { return (value + by - 1) / by; }

class DecodedInput final : public Input {
 public:
  // `header` is that of the input, whose samples are coded. Throws Failure E_WAV_TOO_LONG if RIFF
  // or RIFX cannot hold the decoded file, or a failure of reading.
  DecodedInput(const Input& input, const WavHeader& header) : input_(input), source_(header) {
    const bool is_long = has_long_sizes(header.container);
    std::vector<uint8_t> head(is_long ? kLongHeadBytes : kRiffHeadBytes);
    input.read(0, head.data(), head.size());
    const uint64_t head_bytes = head.size();
    const uint64_t decoded_bytes = header.frames * header.block_align;
    // If the sizes in the header are wrong, the data extend to the end of the file, and nothing
    // follows them.
    const uint64_t after = header.sizes_lie ? input.size() : end_of_data(header) + header.data_bytes % 2;
    stretches_.push_back(made(std::move(head)));
    stretches_.push_back(carried(head_bytes, header.coded->format_offset));
    stretches_.push_back(made(pcm_format(header)));
    stretches_.push_back(carried(header.coded->format_end, header.data_offset - kChunkHeadBytes));
    stretches_.push_back(made(chunk_head("data", is_long ? kMaxU32 : decoded_bytes, header.big_endian)));
    header_ = header;
    header_.data_offset = length_of(stretches_);
    header_.data_bytes = decoded_bytes;
    header_.sizes_lie = false;
    header_.coded.reset();
    stretches_.push_back({Stretch::Kind::kSamples, decoded_bytes, {}});
    stretches_.push_back(carried(std::min(after, input.size()), input.size()));
    size_ = length_of(stretches_);
    uint8_t* const first = stretches_.front().bytes.data();
    if (is_long) {
      put_long_sizes(first, size_, decoded_bytes, header.frames);
    } else if (size_ - kChunkHeadBytes < kMaxU32) {
      put(first + 4, 4, size_ - kChunkHeadBytes, header.big_endian);
    } else {
      throw Failure{"E_WAV_TOO_LONG", std::to_string(size_) + " bytes of " + name_of(header.container) + ", decoded"};
    }
  }

  // Header of the decoded file.
  const WavHeader& header() const { return header_; }

  uint64_t size() const override { return size_; }

  // Reads a range of the decoded file. Each call decodes the blocks that it needs.
  void read(uint64_t position, uint8_t* buffer, size_t length) const override {
    uint64_t at = 0;
    for (const Stretch& stretch : stretches_) {
      const uint64_t start = std::max(position, at);
      const uint64_t stop = std::min(position + length, at + stretch.length);
      if (start < stop) {
        uint8_t* const into = buffer + (start - position);
        const auto count = static_cast<size_t>(stop - start);
        if (stretch.kind == Stretch::Kind::kMade) std::memcpy(into, stretch.bytes.data() + (start - at), count);
        if (stretch.kind == Stretch::Kind::kCarried) input_.read(stretch.from + start - at, into, count);
        if (stretch.kind == Stretch::Kind::kSamples) read_samples(start - at, into, count);
      }
      at += stretch.length;
    }
  }

 private:
  // Decodes the blocks that the range overlaps, a group at a time.
  void read_samples(uint64_t position, uint8_t* into, size_t length) const {
    const CodedLayout& coded = *source_.coded;
    const uint64_t block_align = coded.block_align;
    const uint64_t block_bytes = uint64_t{coded.block_frames} * header_.block_align;
    const uint64_t group_blocks = std::min(std::max<uint64_t>(1, kGroupBytes / block_align), divide_up(length, block_bytes) + 1);
    // Unlike vectors these are not initialised.
    const std::unique_ptr<uint8_t[]> room(new uint8_t[group_blocks * block_align]);
    const std::unique_ptr<int16_t[]> samples(new int16_t[group_blocks * block_bytes / sizeof(int16_t)]);
    for (size_t done = 0; done < length;) {
      const uint64_t first = (position + done) / block_bytes;
      const uint64_t within = (position + done) % block_bytes;
      const uint64_t start = source_.data_offset + first * block_align;
      const uint64_t blocks = std::min(group_blocks, divide_up(within + length - done, block_bytes));
      const auto count = static_cast<size_t>(std::min(blocks * block_align, end_of_data(source_) - start));
      input_.read(start, room.get(), count);
      const std::optional<size_t> damaged = decode_blocks(coded, room.get(), count, samples.get());
      if (damaged) throw Failure{"E_WAV_DAMAGED", "in the block at byte " + std::to_string(start + *damaged)};
      auto* const bytes = reinterpret_cast<uint8_t*>(samples.get());
      const auto decoded = static_cast<size_t>(frames_of_data(coded, count) * header_.block_align);
      if (header_.big_endian) swap_bytes(*header_.format, bytes, decoded / sizeof(int16_t));
      const size_t part = std::min(decoded - static_cast<size_t>(within), length - done);
      std::memcpy(into + done, bytes + within, part);
      done += part;
    }
  }

  const Input& input_;
  const WavHeader source_;
  WavHeader header_;
  std::vector<Stretch> stretches_;
  uint64_t size_ = 0;
};

}  // namespace

Readable open_samples(const Input& input) {
  WavHeader header = read_header(input);
  if (!header.coded) return {std::move(header), nullptr, nullptr};
  auto decoded = std::make_unique<const DecodedInput>(input, header);
  const Codec* const codec = header.coded->codec;
  return {decoded->header(), codec, std::move(decoded)};
}

}  // namespace noisemill
