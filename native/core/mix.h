// What mixing adds up. The loops are in mix.inl and reached through native/simd/kernels.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

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

}  // namespace noisemill
