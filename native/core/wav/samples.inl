// Kernels for sample formats. native/simd/kernels.cc includes this file once for each instruction
// set.
#include "samples.h"

namespace noisemill {

namespace {

void* decode(const SampleFormat& format, uint8_t* bytes, size_t count, void* scratch) {
  float* narrow = static_cast<float*>(scratch);
  switch (format.id) {
    case SampleFormatName::kFloat32:
    case SampleFormatName::kFloat64:
      return bytes;
    case SampleFormatName::kPcm8:
      for (size_t i = 0; i < count; i++) narrow[i] = static_cast<float>(bytes[i] - 128) * (1.0f / 128.0f);
      return scratch;
    case SampleFormatName::kPcm16: {
      const int16_t* integers = reinterpret_cast<const int16_t*>(bytes);
      for (size_t i = 0; i < count; i++) narrow[i] = static_cast<float>(integers[i]) * (1.0f / 32768.0f);
      return scratch;
    }
    case SampleFormatName::kPcm24:
      for (size_t i = 0; i < count; i++) {
        // Shifted to the top of a 32-bit integer and back, which extends the sign.
        const uint32_t top = static_cast<uint32_t>(bytes[3 * i]) << 8 | static_cast<uint32_t>(bytes[3 * i + 1]) << 16 |
                             static_cast<uint32_t>(bytes[3 * i + 2]) << 24;
        narrow[i] = static_cast<float>(static_cast<int32_t>(top) >> 8) * (1.0f / 8388608.0f);
      }
      return scratch;
    case SampleFormatName::kPcm32: {
      const int32_t* integers = reinterpret_cast<const int32_t*>(bytes);
      double* wide = static_cast<double*>(scratch);
      for (size_t i = 0; i < count; i++) wide[i] = integers[i] * (1.0 / 2147483648.0);
      return scratch;
    }
  }
  return scratch;
}

void encode(const SampleFormat& format, const void* values, uint8_t* bytes, size_t count) {
  const float* narrow = static_cast<const float*>(values);
  switch (format.id) {
    case SampleFormatName::kFloat32:
    case SampleFormatName::kFloat64:
      return;
    case SampleFormatName::kPcm8:
      for (size_t i = 0; i < count; i++) bytes[i] = static_cast<uint8_t>(static_cast<int32_t>(narrow[i] * 128.0f) + 128);
      return;
    case SampleFormatName::kPcm16: {
      int16_t* integers = reinterpret_cast<int16_t*>(bytes);
      for (size_t i = 0; i < count; i++) integers[i] = static_cast<int16_t>(static_cast<int32_t>(narrow[i] * 32768.0f));
      return;
    }
    case SampleFormatName::kPcm24:
      for (size_t i = 0; i < count; i++) {
        const int32_t integer = static_cast<int32_t>(narrow[i] * 8388608.0f);
        bytes[3 * i] = static_cast<uint8_t>(integer);
        bytes[3 * i + 1] = static_cast<uint8_t>(integer >> 8);
        bytes[3 * i + 2] = static_cast<uint8_t>(integer >> 16);
      }
      return;
    case SampleFormatName::kPcm32: {
      const double* wide = static_cast<const double*>(values);
      int32_t* integers = reinterpret_cast<int32_t*>(bytes);
      for (size_t i = 0; i < count; i++) integers[i] = static_cast<int32_t>(wide[i] * 2147483648.0);
      return;
    }
  }
}

}  // namespace

}  // namespace noisemill
