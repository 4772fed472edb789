// The sums and counts that mixing keeps. The loops are in mix.inl and are called through
// native/simd/kernels.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sums.h"
#include "wav/samples.h"

namespace noisemill {

// Sums of squares of one block in progress, and counts. Sample i of a piece goes to accumulator i %
// kAccumulators. All pieces but the last of a block are therefore whole multiples of kAccumulators
// samples.
struct MixTally {
  double signal[kAccumulators] = {};
  double noise[kAccumulators] = {};
  // Only `survey` adds to it.
  double mixture[kAccumulators] = {};
  // Number of values that the clamp changed.
  uint64_t clipped = 0;
  // Number of NaNs and infinities. They stay as they are and do not count in the sums.
  uint64_t non_finite = 0;
  // Largest magnitude that `survey` has seen.
  double peak = 0;
};

// How noise is added to samples.
struct MixSettings {
  // Standard deviation of the noise before the gain, in full-scale units.
  double sigma;
  // Factor of the mixture.
  double gain;
  // Whether float formats are clamped to [-1, 1], else to the finite range; PCM is always clamped to
  // its range.
  bool clip;
  // What is added to each sample of PCM before it is rounded, in steps of the format; interleaved
  // like the samples. nullptr if nothing is.
  const float* dither;
};

}  // namespace noisemill
