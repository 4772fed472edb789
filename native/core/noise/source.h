// What makes noise for the frames of one signal.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "keys.h"

namespace noisemill {

// Frames of a noise block. Files are cut between blocks, so that several threads can work on one.
constexpr size_t kBlockFrames = 4096;
// Noise is made in whole multiples of this many frames: two values from each of the 16 lanes.
constexpr size_t kFillFrames = 32;

// The signal that noise is made for, as far as a source may know it.
struct SignalShape {
  uint32_t channels = 0;
  // Frames a second; 0 where nobody has said.
  uint32_t sample_rate = 0;
  // Length of the whole signal.
  uint64_t frames = 0;
};

// All that generated noise follows from, but for channel and frame.
struct NoiseContext : SignalShape {
  NoiseKey key;
  // In the order in which the kind declares them.
  const double* parameters = nullptr;

  NoiseContext(const SignalShape& signal, NoiseKey key, const double* parameters)
      : SignalShape(signal), key(key), parameters(parameters) {}
};

// Noise with random access. lib/core/noise/source.ts is its twin.
class NoiseSource {
 public:
  virtual ~NoiseSource() = default;

  // Writes the noise of one channel for `frames` frames from `frame` on, a multiple of kFillFrames. Going on where the last call for
  // that channel ended is quick; another place costs at most the work of a block more. `out` has room for `frames` rounded up to
  // kFillFrames.
  virtual void fill(uint32_t channel, uint64_t frame, float* out, size_t frames) = 0;
};

}  // namespace noisemill
