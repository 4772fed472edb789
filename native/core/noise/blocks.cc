#include "blocks.h"

#include <algorithm>

namespace noisemill {

namespace {

size_t round_up(size_t frames) { return (frames + kFillFrames - 1) / kFillFrames * kFillFrames; }

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

void BlockSource::fill(uint32_t channel, uint64_t frame, float* out, size_t frames) {
  for (size_t done = 0; done < frames;) {
    const int64_t within = move_to(channel, static_cast<int64_t>(frame + done), out + done, round_up(frames - done));
    const auto count = static_cast<size_t>(std::min(static_cast<int64_t>(frames - done), block_frames_ - within));
    advance(channel, out + done, count);
    done += count;
  }
}

int64_t BlockSource::move_to(uint32_t channel, int64_t frame, float* room, size_t frames) {
  const int64_t block = floor_divide(frame, block_frames_);
  const int64_t first = block * block_frames_;
  int64_t& at = frames_[channel];
  if (at != frame || frame == first) {
    start(channel, block);
    at = first;
    while (at < frame) advance(channel, room, static_cast<size_t>(std::min(static_cast<int64_t>(frames), frame - at)));
  }
  return frame - first;
}

void BlockSource::advance(uint32_t channel, float* out, size_t frames) {
  next(channel, frames_[channel], out, frames);
  frames_[channel] += static_cast<int64_t>(frames);
}

}  // namespace noisemill
