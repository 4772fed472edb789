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
    uint32_t s0[kLanes], s1[kLanes], s2[kLanes], s3[kLanes];
    for (size_t lane = 0; lane < kLanes; lane++) {
      s0[lane] = state[lane];
      s1[lane] = state[kLanes + lane];
      s2[lane] = state[2 * kLanes + lane];
      s3[lane] = state[3 * kLanes + lane];
    }
    for (size_t i = 0; i < frames; i += kLanes) {
      for (size_t lane = 0; lane < kLanes; lane++) {
        const uint32_t first = next_word(s0[lane], s1[lane], s2[lane], s3[lane]) >> 8;
        const uint32_t second = next_word(s0[lane], s1[lane], s2[lane], s3[lane]) >> 8;
        out[i + lane] = static_cast<float>(static_cast<int32_t>(first) - static_cast<int32_t>(second)) * (1.0f / 16777216.0f);
      }
    }
    for (size_t lane = 0; lane < kLanes; lane++) {
      state[lane] = s0[lane];
      state[kLanes + lane] = s1[lane];
      state[2 * kLanes + lane] = s2[lane];
      state[3 * kLanes + lane] = s3[lane];
    }
  }
};

}  // namespace

}  // namespace noisemill
