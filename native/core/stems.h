// Makes the stems of a mixture: the clean signal at the mixture's scale, and the noise. The twin is
// lib/core/stems.ts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arena.h"
#include "wav/samples.h"

namespace noisemill {

// Makes the stems of a mixture from the samples before and after a pass that writes: clean = gain x,
// and noise = mixture - clean. docs/numerics.md specifies the arithmetic.
class StemMaker {
 public:
  // `gain` is the factor of the mixture. The layout must outlive this object.
  StemMaker(const FrameLayout& layout, double gain, Arena& arena);

  // Makes the stems of whole frames. All bytes are aligned like those of `FrameWalk::run`. `clean`
  // has the samples of the input and becomes the clean stem; `noise` has the samples of the mixture
  // and becomes the noise.
  void make(uint8_t* clean, uint8_t* noise, size_t length);

  // Number of values that the format cannot hold.
  uint64_t unfit = 0;

 private:
  void piece(uint8_t* clean, uint8_t* noise, size_t count);

  const FrameLayout& layout_;
  const double gain_;
  size_t piece_samples_;
  void* clean_scratch_;
  void* noise_scratch_;
};

}  // namespace noisemill
