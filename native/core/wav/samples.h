// Sample formats: conversion between the bytes of a file and values in full-scale units (1.0 = full
// scale).
//
// PCM of n bits is x / 2^(n-1). It is unsigned for 8 bits and signed above. Values are float32,
// except for 32-bit PCM and float64: float32 cannot hold these, so their values are float64. The
// machine is little-endian, and so are all files except RIFX.
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
  // Whether its values are float64.
  bool wide;
};

constexpr SampleFormat kSampleFormats[] = {
    {SampleFormatName::kPcm8, "pcm8", 8, 1, false, false},      {SampleFormatName::kPcm16, "pcm16", 16, 2, false, false},
    {SampleFormatName::kPcm24, "pcm24", 24, 3, false, false},   {SampleFormatName::kPcm32, "pcm32", 32, 4, false, true},
    {SampleFormatName::kFloat32, "float32", 32, 4, true, false}, {SampleFormatName::kFloat64, "float64", 64, 8, true, true},
};

// Layout of samples, which are interleaved frame by frame.
struct FrameLayout {
  const SampleFormat* format = nullptr;
  uint32_t channels = 0;
  // Frames per second; 0 if unknown, which only samples in memory may be.
  uint32_t sample_rate = 0;
  // Bytes of a frame.
  uint32_t block_align = 0;
  // Number of frames of the whole signal, however the work is cut.
  uint64_t frames = 0;
  // Whether samples have their high byte first, as in RIFX.
  bool big_endian = false;
  // Number of valid bits of a sample, counted from the most significant. The other bits are
  // padding; only PCM has any.
  uint32_t valid_bits = 0;
};

// Returns the format with this many bits, or nullptr.
const SampleFormat* find_sample_format(uint32_t bits, bool is_float);

// Reverses the bytes of each of `count` samples in place, between big-endian and little-endian.
void swap_bytes(const SampleFormat& format, uint8_t* bytes, size_t count);

// The bytes of scratch that `decode` needs for `count` samples. Float formats need none, because
// they are used in place.
size_t sample_scratch_bytes(const SampleFormat& format, size_t count);

}  // namespace noisemill
