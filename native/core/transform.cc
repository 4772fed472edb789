#include "transform.h"

#include <algorithm>
#include <utility>

#include "simd/kernels.h"

namespace noisemill {

namespace {
// Maximum number of samples in a piece. Together with their noise they stay in a level-2 cache.
constexpr size_t kPieceSamples = 16384;
}  // namespace

size_t piece_frames(uint32_t channels) {
  size_t frames = kBlockFrames;
  while (frames > kFillFrames && frames * channels > kPieceSamples) frames /= 2;
  return frames;
}

void FileTally::add(const PartTally& part) {
  for (const double block : part.signal) signal += block;
  for (const double block : part.noise) noise += block;
  clipped += part.clipped;
  non_finite += part.non_finite;
}

FrameWalk::FrameWalk(const FrameLayout& layout, uint64_t first_frame, Arena& arena)
    : layout_(layout), frame_(first_frame), piece_frames_(piece_frames(layout.channels)) {
  scratch_ = arena.take<uint8_t>(sample_scratch_bytes(*layout.format, piece_frames_ * layout.channels));
}

void FrameWalk::run(uint8_t* bytes, size_t length) {
  const size_t frames = length / layout_.block_align;
  for (size_t done = 0; done < frames;) {
    const size_t count = std::min(piece_frames_, frames - done);
    uint8_t* const samples = bytes + done * layout_.block_align;
    if (layout_.big_endian) swap_bytes(*layout_.format, samples, count * layout_.channels);
    piece(samples, count);
    if (layout_.big_endian) swap_bytes(*layout_.format, samples, count * layout_.channels);
    done += count;
    frame_ += count;
    if (frame_ % kBlockFrames == 0 || frame_ == layout_.frames) {
      part_.signal.push_back(fold_block(tally_.signal));
      part_.noise.push_back(fold_block(tally_.noise));
    }
  }
}

PartTally FrameWalk::take_tally() {
  part_.clipped = tally_.clipped;
  part_.non_finite = tally_.non_finite;
  return std::move(part_);
}

void PowerMeter::piece(uint8_t* bytes, size_t frames) {
  const size_t count = frames * layout_.channels;
  const Kernels& use = kernels();
  use.measure(use.decode(*layout_.format, bytes, count, scratch_), count, *layout_.format, tally_);
}

NoiseTransform::NoiseTransform(const FrameLayout& layout, uint64_t first_frame, const Noise& noise, double sigma, Arena& arena)
    : FrameWalk(layout, first_frame, arena),
      source_(open_source(noise, {layout.channels, layout.sample_rate, layout.frames}, arena)),
      sigma_(sigma),
      clip_(noise.clip) {
  const size_t frames = piece_frames(layout.channels);
  noise_ = arena.take<float>(frames * layout.channels);
  channel_noise_ = layout.channels == 1 ? noise_ : arena.take<float>(frames);
}

void NoiseTransform::piece(uint8_t* bytes, size_t frames) {
  fill_noise(frames);
  const SampleFormat& format = *layout_.format;
  const uint32_t valid = layout_.valid_bits;
  const size_t count = frames * layout_.channels;
  const Kernels& use = kernels();
  void* values = use.decode(format, bytes, count, scratch_);
  if (format.wide) {
    use.mix_float64(static_cast<double*>(values), noise_, count, format, valid, sigma_, clip_, tally_);
  } else {
    use.mix_float32(static_cast<float*>(values), noise_, count, format, valid, static_cast<float>(sigma_), clip_, tally_);
  }
  use.encode(format, values, bytes, count);
}

void NoiseTransform::fill_noise(size_t frames) {
  const uint32_t channels = layout_.channels;
  for (uint32_t channel = 0; channel < channels; channel++) {
    source_->fill(channel, frame_, channel_noise_, frames);
    if (channels == 1) return;
    for (size_t i = 0; i < frames; i++) noise_[i * channels + channel] = channel_noise_[i];
  }
}

}  // namespace noisemill
