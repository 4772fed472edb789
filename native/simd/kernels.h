// The inner loops of core, compiled once for each instruction set and chosen when the addon is loaded. All give the same bits:
// the sources are the same, contraction is off, and nothing in them is left to a library.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/mix.h"
#include "core/noise/kinds.h"
#include "core/wav/samples.h"

namespace noisemill {

struct Kernels {
  const char* instruction_set;

  // The inner loops of all kinds of noise, in the order of core/noise/kinds.h. See NoiseKind::fill.
  void (*fill[kKindCount])(uint32_t* state, const double* parameters, float* out, size_t frames);

  // core/wav/samples.inl. The samples of `bytes` in full-scale units, float or double as `format.wide` says. Float formats give the
  // bytes themselves, so that what is not written stays as it is to the bit, NaN payloads included. `bytes` is aligned to the sample
  // size (PCM 24: any).
  void* (*decode)(const SampleFormat& format, uint8_t* bytes, size_t count, void* scratch);
  // Writes values that `decode` returned back to their bytes. PCM values must be on the grid of the
  // format and within its range. Float formats need nothing, because they were changed in place.
  void (*encode)(const SampleFormat& format, const void* values, uint8_t* bytes, size_t count);

  // core/mix.inl. Adds up the squares of finite samples. `values` are float or double as `format.wide` says.
  void (*measure)(const void* values, size_t count, const SampleFormat& format, MixTally& tally);
  // Mixes in float32, in place: y = x + sigma g, the clamp, and for PCM the rounding; docs/numerics.md has the arithmetic. `values`:
  // samples in full-scale units, interleaved; `noise`: as many values of mean power 1; `valid_bits`: PCM is rounded to the grid of so
  // many; `clip`: whether float formats are clamped to [-1, 1], else only to what is finite; PCM always is to its range.
  void (*mix_float32)(float* values, const float* noise, size_t count, const SampleFormat& format, uint32_t valid_bits, float sigma,
                      bool clip, MixTally& tally);
  // The same in float64, with the float32 noise widened.
  void (*mix_float64)(double* values, const float* noise, size_t count, const SampleFormat& format, uint32_t valid_bits, double sigma,
                      bool clip, MixTally& tally);
};

// Those in use.
const Kernels& kernels();

// All that were compiled in and that this machine, its operating system included, can run; the best one first. Ends with nullptr.
const Kernels* const* available_kernels();

// Makes all work that begins from now on use these.
void use_kernels(const Kernels& chosen);

}  // namespace noisemill
