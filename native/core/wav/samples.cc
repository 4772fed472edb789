#include "samples.h"

namespace noisemill {

const SampleFormat* find_sample_format(uint32_t bits, bool is_float) {
  for (const SampleFormat& format : kSampleFormats) {
    if (format.bits == bits && format.is_float == is_float) return &format;
  }
  return nullptr;
}

size_t sample_scratch_bytes(const SampleFormat& format, size_t count) {
  if (format.is_float) return 0;
  return count * (format.wide ? sizeof(double) : sizeof(float));
}

}  // namespace noisemill
