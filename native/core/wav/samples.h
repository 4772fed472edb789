// Sample formats: between the bytes of a file and sample values in full-scale units (1.0 = full scale).
//
// PCM of n bits is x / 2^(n-1), unsigned for 8 bits and signed above; it and float32 are held in float32, but 32-bit PCM and
// float64, which float32 cannot hold, in float64. The machine is little-endian, and so are all files but RIFX.
#pragma once

#include <stddef.h>
#include <stdint.h>

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

constexpr SampleFormat kSampleFormats[] = {
    {SampleFormatName::kPcm8, "pcm8", 8, 1, false, false},      {SampleFormatName::kPcm16, "pcm16", 16, 2, false, false},
    {SampleFormatName::kPcm24, "pcm24", 24, 3, false, false},   {SampleFormatName::kPcm32, "pcm32", 32, 4, false, true},
    {SampleFormatName::kFloat32, "float32", 32, 4, true, false}, {SampleFormatName::kFloat64, "float64", 64, 8, true, true},
};

// How samples lie: interleaved, frame after frame.
struct FrameLayout {
  const SampleFormat* format = nullptr;
  uint32_t channels = 0;
  // Frames a second; 0 where nobody has said, which only samples in memory may leave open.
  uint32_t sample_rate = 0;
  // Bytes of a frame.
  uint32_t block_align = 0;
  // In all, wherever the work on them is cut.
  uint64_t frames = 0;
  // Whether samples have their high byte first, as in RIFX.
  bool big_endian = false;
  // Bits of a sample that are valid, from its top; the rest, of PCM alone, are padding.
  uint32_t valid_bits = 0;
};

// The format of this many bits, or nullptr.
const SampleFormat* find_sample_format(uint32_t bits, bool is_float);

// Turns the bytes of each of `count` samples around: from big-endian to little-endian, or back.
void swap_bytes(const SampleFormat& format, uint8_t* bytes, size_t count);

// Bytes of scratch that `decode` needs for `count` samples; float formats are used where they lie and need none.
size_t sample_scratch_bytes(const SampleFormat& format, size_t count);

}  // namespace noisemill
