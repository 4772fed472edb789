#include "colored.h"

#include <algorithm>

#include "kinds.h"
#include "simd/kernels.h"

namespace noisemill {

ColoredSource::ColoredSource(const ColorFilter& filter, const NoiseContext& context, Arena& arena)
    : BlockSource(context.channels, filter.block_frames),
      filter_(filter),
      white_(*find_kind(Gaussian::kName).generated, context, arena),
      states_(arena.take<double>(context.channels * filter.stages * filter.lanes)),
      room_(arena.take<float>(kBlockFrames)) {}

void ColoredSource::start(uint32_t channel, int64_t block) {
  std::fill_n(state(channel, 0), filter_.stages * filter_.lanes, 0.0);
  const int64_t first = block * filter_.block_frames;
  constexpr auto kStep = static_cast<int64_t>(kBlockFrames);
  for (int64_t frame = first - filter_.warm_up_frames; frame < first; frame += kStep) next(channel, frame, room_, kBlockFrames);
}

void ColoredSource::next(uint32_t channel, int64_t frame, float* out, size_t frames) {
  white_.fill(channel, static_cast<uint64_t>(frame), out, frames);
  for (size_t stage = 0; stage < filter_.stages; stage++) {
    kernels().filter(state(channel, stage), filter_.coefficients, filter_.lanes, out, frames);
  }
}

}  // namespace noisemill
