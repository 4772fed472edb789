// Coloured noise: white Gaussian noise through a filter, so that the density of its power falls or
// rises by a slope. The coefficients of the filter. lib/core/noise/color.ts says how it works.
#pragma once

#include <cstddef>
#include <cstdint>

#include "filter.h"

namespace noisemill {

// Slope of a density that halves in each octave, in dB: 10 log10(2).
constexpr double kOctave = 3.010299956639812;

// A filter. Its response is 1 + the sum of c / (z - p) over its lanes, times g, once or twice.
struct ColorFilter {
  size_t lanes = 0;
  // The poles of the lanes, then c g of each, then g.
  double coefficients[2 * kMaxFilterLanes + 1] = {};
  // Number of times that the filter is applied.
  size_t stages = 0;
  // Frames before each block from which on the filter runs from zero.
  int64_t warm_up_frames = 0;
  int64_t block_frames = 0;
};

// Throws Failure E_NOISE_LOW if `low` is out of the range that is possible with a sample rate.
void check_low(double low, uint32_t sample_rate);

// Computes the filter for a slope of -12 to 12 dB per octave and a `low` that check_low accepts.
ColorFilter color_filter(double slope, double low, uint32_t sample_rate);

}  // namespace noisemill
