// Base of the sources that make all channels of some frames at once. The twin is
// lib/core/noise/window.ts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "recording.h"
#include "source.h"

namespace noisemill {

// Makes a window of frames, and gives its channels one after the other.
class WindowSource : public NoiseSource {
 public:
  void fill(uint32_t channel, uint64_t frame, float* out, size_t frames) final;

 protected:
  explicit WindowSource(uint32_t channels) : window_(channels) {}

  // Writes the frames from `frame` on to the window.
  virtual void load(uint64_t frame, size_t frames) = 0;

  // The values of each channel, or of all if they hear the same.
  Channels window_;

 private:
  // The frames that the window has.
  uint64_t frame_ = UINT64_MAX;
  size_t frames_ = 0;
};

}  // namespace noisemill
