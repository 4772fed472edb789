// A source that adds up others, each with a factor of its own. The twin is lib/core/noise/sum.ts.
#pragma once

#include <vector>

#include "../arena.h"
#include "noise.h"

namespace noisemill {

class SumSource final : public NoiseSource {
 public:
  SumSource(std::vector<OpenNoise> summands, Arena& arena);

  // Adds in float32, in the order of the summands.
  void fill(uint32_t channel, uint64_t frame, float* out, size_t frames) override;

 private:
  const std::vector<OpenNoise> summands_;
  float* const room_;
};

}  // namespace noisemill
