// What mixing adds up. The loops are in mix.inl and reached through native/simd/kernels.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sums.h"
#include "wav/samples.h"

namespace noisemill {

// Sums of squares of one block as its loops go, and counts. Fed in runs of whole multiples of kAccumulators samples until the
// block ends: sample i of a run goes to accumulator i % kAccumulators.
struct MixTally {
  double signal[kAccumulators] = {};
  double noise[kAccumulators] = {};
  // Values that the clamp changed.
  uint64_t clipped = 0;
  // NaN and infinities: passed through, left out of the sums.
  uint64_t non_finite = 0;
};

}  // namespace noisemill
