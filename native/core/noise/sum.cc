#include "sum.h"

#include <algorithm>
#include <utility>

namespace noisemill {

SumSource::SumSource(std::vector<OpenNoise> summands, Arena& arena)
    : summands_(std::move(summands)), room_(arena.take<float>(kBlockFrames)) {}

void SumSource::fill(uint32_t channel, uint64_t frame, float* out, size_t frames) {
  std::fill_n(out, frames, 0.0f);
  for (const OpenNoise& summand : summands_) {
    const auto factor = static_cast<float>(summand.sigma);
    summand.source->fill(channel, frame, room_, frames);
    for (size_t i = 0; i < frames; i++) out[i] += factor * room_[i];
  }
}

}  // namespace noisemill
