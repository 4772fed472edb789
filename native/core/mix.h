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
  // Number of values that the clamp changed.
  uint64_t clipped = 0;
  // Number of NaNs and infinities. They stay as they are and do not count in the sums.
  uint64_t non_finite = 0;
};

}  // namespace noisemill
