// Sums of squares that come out the same to the last bit however the work is cut: 16 float64 accumulators by sample index
// mod 16 within a block, folded in a fixed order, blocks added in their order.
#pragma once

#include <stddef.h>

namespace noisemill {

constexpr size_t kAccumulators = 16;

// Sum of squares over a file, fed in runs of whole multiples of kAccumulators samples until a block ends.
struct BlockSum {
  // Where the loops over samples add: sample i of a run goes to `lanes[i % kAccumulators]`.
  double lanes[kAccumulators] = {};
  double total = 0;

  void end_block() {
    for (size_t width = kAccumulators / 2; width >= 1; width /= 2) {
      for (size_t i = 0; i < width; i++) lanes[i] += lanes[i + width];
    }
    total += lanes[0];
    for (double& lane : lanes) lane = 0;
  }
};

}  // namespace noisemill
