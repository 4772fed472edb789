// Adds noise to samples: y = x + sigma g, then the clamp, and for PCM the rounding, with the sums of squares of the signal
// and of what was really added. docs/numerics.md has the arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sums.h"
#include "wav/samples.h"

namespace noisemill {

// Counts and sums of a file, or of a part of it.
struct MixTally {
  BlockSum signal;
  BlockSum noise;
  // Values that the clamp changed.
  uint64_t clipped = 0;
  // NaN and infinities: passed through, left out of the sums.
  uint64_t non_finite = 0;
};

// Adds up the squares of finite samples. `values` are float or double as `format.wide` says.
void measure(const void* values, size_t count, const SampleFormat& format, MixTally& tally);

// Mixes in float32, in place. `values`: samples in full-scale units, interleaved; `noise`: as many values of mean power 1;
// `sigma`: standard deviation in full-scale units; `clip`: whether float formats are clamped to [-1, 1], else only to what is
// finite; PCM always is to its range.
void mix_float32(float* values, const float* noise, size_t count, const SampleFormat& format, float sigma, bool clip,
                 MixTally& tally);

// `mix_float32` in float64, with the float32 noise widened.
void mix_float64(double* values, const float* noise, size_t count, const SampleFormat& format, double sigma, bool clip,
                 MixTally& tally);

}  // namespace noisemill
