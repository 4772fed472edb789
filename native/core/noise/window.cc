#include "window.h"

#include <algorithm>

namespace noisemill {

void WindowSource::fill(uint32_t channel, uint64_t frame, float* out, size_t frames) {
  if (frame != frame_ || frames != frames_) {
    if (frames > window_[0].size()) {
      for (auto& values : window_) values.assign(frames, 0.0f);
    }
    frame_ = UINT64_MAX;
    load(frame, frames);
    frame_ = frame;
    frames_ = frames;
  }
  std::copy_n(window_[window_.size() == 1 ? 0 : channel].data(), frames, out);
}

}  // namespace noisemill
