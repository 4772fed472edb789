// Source of a generated kind of noise. It keeps a state for each channel and seeds it at the start
// of each block.
#pragma once

#include <vector>

#include "../arena.h"
#include "kind.h"

namespace noisemill {

class GeneratedSource final : public NoiseSource {
 public:
  GeneratedSource(const NoiseKind& kind, const NoiseContext& context, Arena& arena);

  void fill(uint32_t channel, uint64_t frame, float* out, size_t frames) override;

 private:
  // Moves a channel's state to `frame`. `room` is scratch for the values of skipped frames,
  // `frames` at a time.
  void move_to(uint32_t channel, uint64_t frame, float* room, size_t frames);
  void generate(uint32_t channel, float* out, size_t frames);
  uint32_t* state(uint32_t channel) { return states_ + channel * kind_.state_words; }

  const NoiseKind& kind_;
  const NoiseContext context_;
  uint32_t* const states_;
  // For each channel, the frame at which its state is.
  std::vector<uint64_t> frames_;
};

}  // namespace noisemill
