#include "samples.h"

#include <cstring>
#include <utility>

namespace noisemill {

namespace {

template <typename Word, typename Swap>
void swap_words(uint8_t* bytes, size_t count, const Swap& swap) {
  for (size_t i = 0; i < count; i++) {
    Word word;
    std::memcpy(&word, bytes + i * sizeof word, sizeof word);
    word = swap(word);
    std::memcpy(bytes + i * sizeof word, &word, sizeof word);
  }
}

}  // namespace

const SampleFormat* find_sample_format(uint32_t bits, bool is_float) {
  for (const SampleFormat& format : kSampleFormats) {
    if (format.bits == bits && format.is_float == is_float) return &format;
  }
  return nullptr;
}

void swap_bytes(const SampleFormat& format, uint8_t* bytes, size_t count) {
  switch (format.bytes) {
    case 2:
      return swap_words<uint16_t>(bytes, count, [](uint16_t word) { return __builtin_bswap16(word); });
    case 3:
      for (size_t i = 0; i < count; i++) std::swap(bytes[3 * i], bytes[3 * i + 2]);
      return;
    case 4:
      return swap_words<uint32_t>(bytes, count, [](uint32_t word) { return __builtin_bswap32(word); });
    case 8:
      return swap_words<uint64_t>(bytes, count, [](uint64_t word) { return __builtin_bswap64(word); });
    default:
      return;
  }
}

size_t sample_scratch_bytes(const SampleFormat& format, size_t count) {
  if (format.is_float) return 0;
  return count * (format.wide ? sizeof(double) : sizeof(float));
}

}  // namespace noisemill
