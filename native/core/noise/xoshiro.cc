#include "xoshiro.h"

#include "philox.h"

namespace noisemill {

void seed_lanes(uint32_t* state, uint32_t key_low, uint32_t key_high, uint32_t channel, uint64_t block) {
  for (uint32_t lane = 0; lane < kLanes; lane++) {
    uint32_t words[4] = {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), channel, lane};
    philox4x32(words, key_low, key_high, words);
    // A linear generator never leaves the state of all zeros.
    if ((words[0] | words[1] | words[2] | words[3]) == 0) words[0] = 1;
    for (size_t word = 0; word < 4; word++) state[word * kLanes + lane] = words[word];
  }
}

}  // namespace noisemill
