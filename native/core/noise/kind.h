// What a generated kind of noise is: a pure function from (key, parameters, channel, frame) to samples. What its parameters mean, and
// their ranges, is declared and checked in TypeScript only.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "source.h"

namespace noisemill {

// A generated kind: one file in each half of core, and a line in each registry (kinds.h, kinds.ts).
struct NoiseKind {
  const char* name;
  size_t parameters;
  // Frames after which `seed` is called again: a multiple of kBlockFrames. Random access starts there.
  size_t block_frames;
  // 32-bit words of state for one channel.
  size_t state_words;
  // Puts `state` at the first frame of a block of `block_frames`. What it holds from before has no effect.
  void (*seed)(uint32_t* state, const NoiseContext& context, uint32_t channel, uint64_t block);
  // Its place in Kernels::fill, the inner loops: they write the next `frames` values of a channel and move `state` past them. `frames`
  // is a multiple of kFillFrames, except at the end of the signal; `out` has room for `frames` rounded up to kFillFrames.
  size_t fill;
};

}  // namespace noisemill
