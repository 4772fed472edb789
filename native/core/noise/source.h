// Interface of a source of noise for the frames of one signal.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "keys.h"

namespace noisemill {

// Frames in a noise block. Files are cut between blocks, so that several threads can work on one
// file.
constexpr size_t kBlockFrames = 4096;
// Noise is generated in multiples of this many frames: two values from each of the 16 lanes.
constexpr size_t kFillFrames = 32;

// The properties of a signal on which its noise may depend.
struct SignalShape {
  uint32_t channels = 0;
  // Frames per second; 0 if unknown.
  uint32_t sample_rate = 0;
  // Length of the whole signal.
  uint64_t frames = 0;
};

// Everything that generated noise depends on, except channel and frame.
struct NoiseContext : SignalShape {
  NoiseKey key;
  // In the order of the kind's declaration.
  const double* parameters = nullptr;

  NoiseContext(const SignalShape& signal, NoiseKey key, const double* parameters)
      : SignalShape(signal), key(key), parameters(parameters) {}
};

// A source of noise with random access. The twin is lib/core/noise/source.ts.
class NoiseSource {
 public:
  virtual ~NoiseSource() = default;

  // Writes the noise of `frames` frames of one channel, from `frame` on, a multiple of kFillFrames.
  // It is fast if it continues the last call for that channel. Elsewhere it costs at most one more
  // block. `out` has room for `frames` rounded up to kFillFrames.
  virtual void fill(uint32_t channel, uint64_t frame, float* out, size_t frames) = 0;
};

}  // namespace noisemill
