#include "decode.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "arena.h"
#include "files.h"
#include "simd/kernels.h"
#include "transform.h"
#include "wav/decoded.h"

namespace noisemill {

namespace {

class SampleReader final : public FrameWalk {
 public:
  SampleReader(const FrameLayout& layout, Arena& arena, std::vector<double>& samples)
      : FrameWalk(layout, 0, arena), samples_(samples) {}

 protected:
  void piece(uint8_t* bytes, size_t frames) override {
    const SampleFormat& format = *layout_.format;
    const size_t count = frames * layout_.channels;
    const void* values = kernels().decode(format, bytes, count, scratch_);
    if (format.wide) {
      append(static_cast<const double*>(values), count);
    } else {
      append(static_cast<const float*>(values), count);
    }
  }

 private:
  template <typename T>
  void append(const T* values, size_t count) {
    samples_.insert(samples_.end(), values, values + count);
  }

  std::vector<double>& samples_;
};

}  // namespace

DecodedFile decode_file(const std::string& path) {
  const InputFile file(path);
  Readable readable = open_samples(file);
  const Input& input = readable.decoded ? *readable.decoded : file;
  DecodedFile decoded;
  decoded.header = std::move(readable.header);
  const WavHeader& header = decoded.header;
  Arena arena;
  const uint64_t room = piece_frames(header.channels) * header.block_align;
  uint8_t* const bytes = arena.take<uint8_t>(static_cast<size_t>(room));
  SampleReader reader(header, arena, decoded.samples);
  for (uint64_t done = 0; done < header.data_bytes; done += room) {
    const auto length = static_cast<size_t>(std::min(room, header.data_bytes - done));
    input.read(header.data_offset + done, bytes, length);
    reader.run(bytes, length);
  }
  return decoded;
}

}  // namespace noisemill
