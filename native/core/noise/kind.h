// What a kind of noise is. A kind gives a pure function from (key, parameters, channel, frame) to
// samples. Only the TypeScript half declares and checks what its parameters mean and their ranges.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "source.h"

namespace noisemill {

// How a kind generates its values from random words.
struct GeneratedKind {
  // Frames in a block, a multiple of kBlockFrames. `seed` is called at the start of each block, and
  // random access begins there.
  size_t block_frames;
  // 32-bit words of state for each channel.
  size_t state_words;
  // Sets `state` for the first frame of a block of `block_frames`. The earlier content of `state`
  // has no effect.
  void (*seed)(uint32_t* state, const NoiseContext& context, uint32_t channel, uint64_t block);
  // Index in Kernels::fill of the inner loop. The loop writes the next `frames` values of a channel
  // and advances `state`. `frames` is a multiple of kFillFrames, except at the end of the signal.
  // `out` has room for `frames` rounded up to kFillFrames.
  size_t fill;
};

// A kind of noise: a line in the registry (kinds.cc, kinds.ts). A generated kind also has a file in
// each half of core.
struct NoiseKind {
  const char* name;
  size_t parameters;
  // nullptr if the kind is a colour.
  const GeneratedKind* generated;
  // Slope of a colour in dB per octave, if it is not the first parameter.
  double slope;
};

}  // namespace noisemill
