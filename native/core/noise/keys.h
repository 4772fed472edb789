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
  // The level of the mixture, within the requested range.
  kOutputLevel = 1,
  // Which file of a bank, or with balanced folders which folder of it.
  kNoiseFile = 2,
  // Which file of a folder of a bank.
  kNoiseFileInFolder = 3,
  // The first frame of a piece of a noise file.
  kNoiseOffset = 4,
  // Whether something with a probability happens.
  kChance = 5,
  // Which of several choices.
  kPick = 6,
  // How many voices a babble has.
  kVoices = 7,
  // The length of a gap between pieces of noise.
  kGap = 8,
  // Where the kind "sway" is, at the first frame, in its cycle of sign reversals.
  kSwayOffset = 0xffffffff,
};

// Returns draw `n` for a purpose, uniform in [0, 1) with 53 bits.
double draw(NoiseKey key, Purpose purpose, uint64_t n);

}  // namespace noisemill
