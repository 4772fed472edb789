// Uniform noise with mean 0 and variance 1: white, with all values from -sqrt(3) to sqrt(3) equally
// likely. docs/numerics.md specifies every operation.
#pragma once

#include "source.h"
#include "xoshiro.h"

namespace noisemill {

namespace {

// The members are described in GeneratedKind.
struct Uniform {
  static constexpr const char* kName = "uniform";
  static constexpr size_t kParameters = 0;
  static constexpr size_t kBlockFrames = noisemill::kBlockFrames;
  static constexpr size_t kStateWords = kLaneStateWords;

  // sqrt(3) / 2^23: values are half-integers from -2^23 to 2^23, times this.
  static constexpr float kStep = 2.0647654253025394e-7f;

  static void seed(uint32_t* state, const NoiseContext& context, uint32_t channel, uint64_t block) {
    seed_lanes(state, context.key.low, context.key.high, channel, block);
  }

  static void fill(uint32_t* state, const double*, float* out, size_t frames) {
    Lanes lanes(state);
    for (size_t at = 0; at < frames; at += kLanes) {
      for (size_t lane = 0; lane < kLanes; lane++) {
        const auto word = static_cast<int32_t>(lanes.next(lane));
        out[at + lane] = (static_cast<float>(word >> 8) + 0.5f) * kStep;
      }
    }
    lanes.store(state);
  }
};

}  // namespace

}  // namespace noisemill
