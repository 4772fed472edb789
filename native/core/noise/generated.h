// Source of a generated kind of noise. It keeps a state for each channel and seeds it at the start
// of each block.
#pragma once

#include "../arena.h"
#include "blocks.h"
#include "kind.h"

namespace noisemill {

class GeneratedSource final : public BlockSource {
 public:
  GeneratedSource(const GeneratedKind& kind, const NoiseContext& context, Arena& arena);

 private:
  void start(uint32_t channel, int64_t block) override;
  void next(uint32_t channel, int64_t frame, float* out, size_t frames) override;
  uint32_t* state(uint32_t channel) { return states_ + channel * kind_.state_words; }

  const GeneratedKind& kind_;
  const NoiseContext context_;
  uint32_t* const states_;
};

}  // namespace noisemill
