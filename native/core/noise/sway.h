// A kind of noise for tests. lib/core/noise/sway.ts specifies it and says why it exists.
#pragma once

#include "keys.h"
#include "source.h"
#include "xoshiro.h"

namespace noisemill {

namespace {

// The members are described in GeneratedKind.
struct Sway {
  static constexpr const char* kName = "sway";
  static constexpr size_t kParameters = 2;
  static constexpr size_t kBlockFrames = 2 * noisemill::kBlockFrames;

  // Indexes of the words of state after those of the lanes. This one is y, as the bits of a float.
  static constexpr size_t kLast = kLaneStateWords;
  // Whether the sign is reversed: 0 or 1.
  static constexpr size_t kReversed = kLast + 1;
  // Frames until the next reversal of the sign, and frames between two reversals.
  static constexpr size_t kLeft = kLast + 2;
  static constexpr size_t kPeriod = kLast + 3;
  static constexpr size_t kStateWords = kLast + 4;

  static void seed(uint32_t* state, const NoiseContext& context, uint32_t channel, uint64_t block) {
    state[kLast] = 0;
    if (block > 0) {
      seed_block(state, context, channel, block - 1);
      float passed_over[kBlockFrames];
      fill(state, context.parameters, passed_over, kBlockFrames);
    }
    seed_block(state, context, channel, block);
  }

  static void seed_block(uint32_t* state, const NoiseContext& context, uint32_t channel, uint64_t block) {
    seed_lanes(state, context.key.low, context.key.high, channel, block);
    const auto whole = static_cast<uint64_t>(static_cast<double>(context.sample_rate) / context.parameters[1]);
    const uint64_t period = whole < 1 ? 1 : whole;
    const auto offset = static_cast<uint64_t>(draw(context.key, Purpose::kSwayOffset, 0) * static_cast<double>(context.frames));
    const uint64_t position = offset + block * kBlockFrames;
    state[kReversed] = static_cast<uint32_t>(position / period % 2);
    state[kLeft] = static_cast<uint32_t>(period - position % period);
    state[kPeriod] = static_cast<uint32_t>(period);
  }

  static void fill(uint32_t* state, const double* parameters, float* out, size_t frames) {
    const auto pole = static_cast<float>(parameters[0]);
    float y;
    __builtin_memcpy(&y, &state[kLast], sizeof y);
    for (size_t i = 0; i < frames; i++) {
      uint32_t* const lane = state + i % kLanes;
      const uint32_t word = next_word(lane[0], lane[kLanes], lane[2 * kLanes], lane[3 * kLanes]);
      const float w = static_cast<float>(static_cast<int32_t>(word)) * (1.0f / 2147483648.0f);
      y = pole * y + w;
      out[i] = state[kReversed] == 1 ? -y : y;
      if (--state[kLeft] > 0) continue;
      state[kLeft] = state[kPeriod];
      state[kReversed] ^= 1;
    }
    __builtin_memcpy(&state[kLast], &y, sizeof y);
  }
};

}  // namespace

}  // namespace noisemill
