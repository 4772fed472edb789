// Base of the sources whose noise consists of blocks that can be made one without the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "source.h"

namespace noisemill {

// Cuts calls of `fill` at the borders of blocks, and knows at which frame each channel is.
class BlockSource : public NoiseSource {
 public:
  // `block_frames` is a multiple of kBlockFrames.
  BlockSource(uint32_t channels, int64_t block_frames) : block_frames_(block_frames), frames_(channels, kNowhere) {}

  // `frame` may be before the first frame of the signal, as a negative number modulo 2^64.
  void fill(uint32_t channel, uint64_t frame, float* out, size_t frames) final;

 protected:
  // Sets a channel's state to the first frame of a block.
  virtual void start(uint32_t channel, int64_t block) = 0;
  // Writes the values of the `frames` frames from `frame` on, at which the channel's state is.
  virtual void next(uint32_t channel, int64_t frame, float* out, size_t frames) = 0;

 private:
  // The position of a channel before its first block. It is no multiple of kFillFrames.
  static constexpr int64_t kNowhere = INT64_MAX;

  // Moves a channel's state to `frame`, and returns which frame of its block that is. `room` is
  // scratch for the values of skipped frames, `frames` at a time.
  int64_t move_to(uint32_t channel, int64_t frame, float* room, size_t frames);
  void advance(uint32_t channel, float* out, size_t frames);

  const int64_t block_frames_;
  // For each channel, the frame at which its state is.
  std::vector<int64_t> frames_;
};

}  // namespace noisemill
