// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw,
// "Parallel random numbers: as easy as 1, 2, 3" (SC11).
#pragma once

#include <cstdint>

namespace noisemill {

// Encrypts one 128-bit counter under a 64-bit key. The counter is four words, the least significant
// first. `out` may be `counter`.
void philox4x32(const uint32_t counter[4], uint32_t key_low, uint32_t key_high, uint32_t out[4]);

}  // namespace noisemill
