// Sums of squares that come out the same to the last bit however the work is cut: 16 float64 accumulators by sample index
// mod 16 within a block, folded in a fixed order, blocks added in their order.
#pragma once

#include <stddef.h>

namespace noisemill {

constexpr size_t kAccumulators = 16;

// The sum of one block, from its accumulators, which are zeroed for the next.
inline double fold_block(double* lanes) {
  for (size_t width = kAccumulators / 2; width >= 1; width /= 2) {
    for (size_t i = 0; i < width; i++) lanes[i] += lanes[i + width];
  }
  const double sum = lanes[0];
  for (size_t i = 0; i < kAccumulators; i++) lanes[i] = 0;
  return sum;
}

}  // namespace noisemill
