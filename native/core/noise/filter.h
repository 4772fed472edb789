// The inner loop of coloured noise: a bank of sections of the first order, side by side.
#pragma once

#include <stddef.h>

namespace noisemill {

// The lanes of a filter are a multiple of this number, so that they fill vectors.
constexpr size_t kLaneGroup = 4;
constexpr size_t kMaxFilterLanes = 4 * kLaneGroup;

namespace {

// g++ does not find the vectors in plain loops here.
#if defined(__AVX__)
constexpr size_t kVectorLanes = 4;
#else
constexpr size_t kVectorLanes = 2;
#endif
typedef double Vector __attribute__((vector_size(kVectorLanes * sizeof(double))));
typedef double Pair __attribute__((vector_size(2 * sizeof(double))));

template <size_t kLanes>
inline void filter_lanes(double* state, const double* coefficients, float* values, size_t frames) {
  constexpr size_t kVectors = kLanes / kVectorLanes;
  constexpr size_t kGroupVectors = kLaneGroup / kVectorLanes;
  // Single vectors are copied, because g++ would keep a whole array in memory.
  Vector s[kVectors], poles[kVectors], inputs[kVectors];
  for (size_t k = 0; k < kVectors; k++) {
    __builtin_memcpy(&s[k], state + k * kVectorLanes, sizeof(Vector));
    __builtin_memcpy(&poles[k], coefficients + k * kVectorLanes, sizeof(Vector));
    __builtin_memcpy(&inputs[k], coefficients + kLanes + k * kVectorLanes, sizeof(Vector));
  }
  const double gain = coefficients[2 * kLanes];
  for (size_t i = 0; i < frames; i++) {
    const double w = values[i];
    Vector sums[kGroupVectors];
    for (size_t j = 0; j < kGroupVectors; j++) {
      sums[j] = s[j];
      for (size_t k = j + kGroupVectors; k < kVectors; k += kGroupVectors) sums[j] += s[k];
    }
    Pair halves[2];
    __builtin_memcpy(halves, sums, sizeof halves);
    const Pair sum = halves[0] + halves[1];
    values[i] = static_cast<float>(gain * w + (sum[0] + sum[1]));
    for (size_t k = 0; k < kVectors; k++) s[k] = poles[k] * s[k] + inputs[k] * w;
  }
  for (size_t k = 0; k < kVectors; k++) __builtin_memcpy(state + k * kVectorLanes, &s[k], sizeof(Vector));
}

// Filters values in place, and advances the state. docs/numerics.md specifies the operations and
// their order.
//
// - `state`: one number for each lane; zeros at first
// - `coefficients`: see ColorFilter
// - `lanes`: a multiple of kLaneGroup, up to kMaxFilterLanes
inline void filter(double* state, const double* coefficients, size_t lanes, float* values, size_t frames) {
  switch (lanes) {
    case 4: return filter_lanes<4>(state, coefficients, values, frames);
    case 8: return filter_lanes<8>(state, coefficients, values, frames);
    case 12: return filter_lanes<12>(state, coefficients, values, frames);
    default: return filter_lanes<16>(state, coefficients, values, frames);
  }
}

}  // namespace

}  // namespace noisemill
