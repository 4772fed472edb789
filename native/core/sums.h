// Sums of squares that do not depend on how the work is cut, to the last bit. Within a block,
// sample i goes to accumulator i mod 16, in float64. The accumulators are added in a fixed order,
// and blocks in their order.
#pragma once

#include <stddef.h>

namespace noisemill {

constexpr size_t kAccumulators = 16;

// Returns the sum of one block from its accumulators, and zeroes them for the next block.
inline double fold_block(double* lanes) {
  for (size_t width = kAccumulators / 2; width >= 1; width /= 2) {
    for (size_t i = 0; i < width; i++) lanes[i] += lanes[i + width];
  }
  const double sum = lanes[0];
  for (size_t i = 0; i < kAccumulators; i++) lanes[i] = 0;
  return sum;
}

}  // namespace noisemill
