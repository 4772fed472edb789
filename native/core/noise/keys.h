// Keys of noise: the 64 bits that determine all noise of one output, and random draws from them.
#pragma once

#include <stdint.h>

namespace noisemill {

// 64 bits that lib/plan/keys.ts derives from (stream version, seed, path, copy).
struct NoiseKey {
  uint32_t low = 0;
  uint32_t high = 0;
};

// Purposes of draws. Each purpose has its own draws, so a new one does not change the others. Never
// give a number to another purpose.
enum class Purpose : uint32_t {
  // The level of an output, within the requested range.
  kLevel = 0,
  // Where the kind "sway" is, at the first frame, in its cycle of sign reversals.
  kSwayOffset = 0xffffffff,
};

// Returns draw `n` for a purpose, uniform in [0, 1) with 53 bits.
double draw(NoiseKey key, Purpose purpose, uint64_t n);

}  // namespace noisemill
