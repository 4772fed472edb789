#include "generated.h"

#include "simd/kernels.h"

namespace noisemill {

GeneratedSource::GeneratedSource(const GeneratedKind& kind, const NoiseContext& context, Arena& arena)
    : BlockSource(context.channels, static_cast<int64_t>(kind.block_frames)),
      kind_(kind),
      context_(context),
      states_(arena.take<uint32_t>(context.channels * kind.state_words)) {}

void GeneratedSource::start(uint32_t channel, int64_t block) {
  kind_.seed(state(channel), context_, channel, static_cast<uint64_t>(block));
}

void GeneratedSource::next(uint32_t channel, int64_t, float* out, size_t frames) {
  kernels().fill[kind_.fill](state(channel), context_.parameters, out, frames);
}

}  // namespace noisemill
