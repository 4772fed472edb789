// Sample formats: between the bytes of a file and sample values in full-scale units (1.0 = full scale).
//
// PCM of n bits is x / 2^(n-1), unsigned for 8 bits and signed above; it and float32 are held in float32, but 32-bit PCM and
// float64, which float32 cannot hold, in float64. Files and machine are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>

namespace noisemill {

enum class SampleFormatName : uint8_t { kPcm8, kPcm16, kPcm24, kPcm32, kFloat32, kFloat64 };

struct SampleFormat {
  SampleFormatName id;
  const char* name;
  uint32_t bits;
  uint32_t bytes;
  bool is_float;
  // Whether samples are computed in float64.
  bool wide;
};

// The format of this many bits, or nullptr.
const SampleFormat* find_sample_format(uint32_t bits, bool is_float);

// Bytes of scratch that `decode` needs for `count` samples; float formats are used where they lie and need none.
size_t sample_scratch_bytes(const SampleFormat& format, size_t count);

// The samples of `bytes` in full-scale units, float or double as `format.wide` says. Float formats give the bytes themselves,
// so that what is not written stays as it is to the bit, NaN payloads included. `bytes` is aligned to the sample size (PCM
// 24: any).
void* decode(const SampleFormat& format, uint8_t* bytes, size_t count, void* scratch);

// Writes values that `decode` gave, changed or not, back to their bytes. PCM values must already lie on the grid of the
// format and within its range; float formats were changed in place and need nothing.
void encode(const SampleFormat& format, const void* values, uint8_t* bytes, size_t count);

}  // namespace noisemill
