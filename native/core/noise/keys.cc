#include "keys.h"

#include "philox.h"

namespace noisemill {

namespace {
// Last word of the counter for draws. Lanes of noise have the numbers 0 to 15 there.
constexpr uint32_t kDrawLane = 0xffffffff;
}  // namespace

double draw(NoiseKey key, Purpose purpose, uint64_t n) {
  uint32_t words[4] = {static_cast<uint32_t>(n), static_cast<uint32_t>(n >> 32), static_cast<uint32_t>(purpose), kDrawLane};
  philox4x32(words, key.low, key.high, words);
  return ((words[0] >> 5) * 67108864.0 + (words[1] >> 6)) / 9007199254740992.0;
}

}  // namespace noisemill
