// Dither for PCM: the difference of two uniform values. lib/core/noise/dither.ts says why it is here.
#pragma once

#include "source.h"
#include "xoshiro.h"

namespace noisemill {

namespace {

// The members are described in GeneratedKind.
struct Dither {
  static constexpr const char* kName = "dither";
  static constexpr size_t kParameters = 0;
  static constexpr size_t kBlockFrames = noisemill::kBlockFrames;
  static constexpr size_t kStateWords = kLaneStateWords;
  // Added to the channel in the counter of lanes, so that dither and noise have different words.
  static constexpr uint32_t kChannels = 0x80000000;

  static void seed(uint32_t* state, const NoiseContext& context, uint32_t channel, uint64_t block) {
    seed_lanes(state, context.key.low, context.key.high, channel + kChannels, block);
  }

  static void fill(uint32_t* state, const double*, float* out, size_t frames) {
    Lanes lanes(state);
    for (size_t at = 0; at < frames; at += kLanes) {
      for (size_t lane = 0; lane < kLanes; lane++) {
        const auto first = static_cast<int32_t>(lanes.next(lane) >> 8);
        const auto second = static_cast<int32_t>(lanes.next(lane) >> 8);
        out[at + lane] = static_cast<float>(first - second) * (1.0f / 16777216.0f);
      }
    }
    lanes.store(state);
  }
};

}  // namespace

}  // namespace noisemill
