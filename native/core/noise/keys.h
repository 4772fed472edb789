// Keys of noise: the 64 bits that all noise of one output comes from, and the draws that are made from them.
#pragma once

#include <stdint.h>

namespace noisemill {

// 64 bits that stand for (stream version, seed, path, copy): lib/plan/keys.ts makes them.
struct NoiseKey {
  uint32_t low = 0;
  uint32_t high = 0;
};

// What draws are for. Each purpose has draws of its own, so that adding one changes no other. A number is never given to another
// purpose.
enum class Purpose : uint32_t {
  // The level of an output within the range that was asked for.
  kLevel = 0,
  // Where the kind "sway" begins.
  kSwayOffset = 0xffffffff,
};

// Draw `n` for a purpose: uniform in [0, 1), with 53 bits.
double draw(NoiseKey key, Purpose purpose, uint64_t n);

}  // namespace noisemill
