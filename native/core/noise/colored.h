// Source of coloured noise: the Gaussian noise of the same key and channel, through a filter.
#pragma once

#include "../arena.h"
#include "blocks.h"
#include "color.h"
#include "generated.h"

namespace noisemill {

// At the start of each block the filter begins at zero, and runs through the frames of the warm-up.
// Before frame 0 these are the frames of the Gaussian noise's blocks -1, -2 and so on.
class ColoredSource final : public BlockSource {
 public:
  ColoredSource(const ColorFilter& filter, const NoiseContext& context, Arena& arena);

 private:
  void start(uint32_t channel, int64_t block) override;
  void next(uint32_t channel, int64_t frame, float* out, size_t frames) override;
  // The state of a stage, one number for each lane.
  double* state(uint32_t channel, size_t stage) { return states_ + (channel * filter_.stages + stage) * filter_.lanes; }

  const ColorFilter filter_;
  GeneratedSource white_;
  double* const states_;
  float* const room_;
};

}  // namespace noisemill
