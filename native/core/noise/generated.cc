#include "generated.h"

#include <algorithm>

#include "simd/kernels.h"

namespace noisemill {

namespace {

// The position of a channel whose state is not seeded yet.
constexpr uint64_t kNowhere = UINT64_MAX;

size_t round_up(size_t frames) { return (frames + kFillFrames - 1) / kFillFrames * kFillFrames; }

}  // namespace

GeneratedSource::GeneratedSource(const NoiseKind& kind, const NoiseContext& context, Arena& arena)
    : kind_(kind),
      context_(context),
      states_(arena.take<uint32_t>(context.channels * kind.state_words)),
      frames_(context.channels, kNowhere) {}

void GeneratedSource::fill(uint32_t channel, uint64_t frame, float* out, size_t frames) {
  for (size_t done = 0; done < frames;) {
    move_to(channel, frame + done, out + done, round_up(frames - done));
    const size_t count = std::min(frames - done, static_cast<size_t>(kind_.block_frames - (frame + done) % kind_.block_frames));
    generate(channel, out + done, count);
    done += count;
  }
}

void GeneratedSource::move_to(uint32_t channel, uint64_t frame, float* room, size_t frames) {
  if (frames_[channel] == frame && frame % kind_.block_frames != 0) return;
  const uint64_t block = frame / kind_.block_frames;
  kind_.seed(state(channel), context_, channel, block);
  frames_[channel] = block * kind_.block_frames;
  while (frames_[channel] < frame) {
    generate(channel, room, static_cast<size_t>(std::min<uint64_t>(frames, frame - frames_[channel])));
  }
}

void GeneratedSource::generate(uint32_t channel, float* out, size_t frames) {
  kernels().fill[kind_.fill](state(channel), context_.parameters, out, frames);
  frames_[channel] += frames;
}

}  // namespace noisemill
