#include "transform.h"

#include <algorithm>

#include "simd/kernels.h"

namespace noisemill {

namespace {
// Samples that are worked on at once: with what goes with them they stay in a level-2 cache.
constexpr size_t kSliceSamples = 16384;
}  // namespace

size_t slice_frames(uint32_t channels) {
  size_t frames = kBlockFrames;
  while (frames > kFillFrames && frames * channels > kSliceSamples) frames /= 2;
  return frames;
}

FrameWalk::FrameWalk(const WavHeader& header) : header_(header), slice_frames_(slice_frames(header.channels)) {
  scratch_.resize((sample_scratch_bytes(*header.format, slice_frames_ * header.channels) + 7) / 8);
}

void FrameWalk::run(uint8_t* bytes, size_t length) {
  const size_t frames = length / header_.block_align;
  for (size_t done = 0; done < frames;) {
    const size_t count = std::min(slice_frames_, frames - done);
    slice(bytes + done * header_.block_align, count);
    done += count;
    frame_ += count;
    if (frame_ % kBlockFrames == 0 || frame_ == header_.frames) {
      tally_.signal.end_block();
      tally_.noise.end_block();
    }
  }
}

void PowerMeter::slice(uint8_t* bytes, size_t frames) {
  const size_t count = frames * header_.channels;
  const Kernels& use = kernels();
  use.measure(use.decode(*header_.format, bytes, count, scratch_.data()), count, *header_.format, tally_);
}

NoiseTransform::NoiseTransform(const WavHeader& header, const NoiseSettings& settings)
    : FrameWalk(header), settings_(settings) {
  const size_t frames = slice_frames(header.channels);
  states_.resize(header.channels * settings.kind->state_words);
  noise_.resize(frames * header.channels);
  if (header.channels > 1) channel_noise_.resize(frames);
}

void NoiseTransform::slice(uint8_t* bytes, size_t frames) {
  fill_noise(frames);
  const SampleFormat& format = *header_.format;
  const size_t count = frames * header_.channels;
  const Kernels& use = kernels();
  void* values = use.decode(format, bytes, count, scratch_.data());
  if (format.wide) {
    use.mix_float64(static_cast<double*>(values), noise_.data(), count, format, settings_.sigma, settings_.clip, tally_);
  } else {
    const float sigma = static_cast<float>(settings_.sigma);
    use.mix_float32(static_cast<float*>(values), noise_.data(), count, format, sigma, settings_.clip, tally_);
  }
  use.encode(format, values, bytes, count);
}

void NoiseTransform::fill_noise(size_t frames) {
  const NoiseKind& kind = *settings_.kind;
  const uint32_t channels = header_.channels;
  float* channel_noise = channels == 1 ? noise_.data() : channel_noise_.data();
  for (uint32_t channel = 0; channel < channels; channel++) {
    uint32_t* state = states_.data() + channel * kind.state_words;
    if (frame_ % kBlockFrames == 0) {
      kind.seed(state, settings_.key, channel, frame_ / kBlockFrames, settings_.parameters);
    }
    kind.fill(state, channel_noise, frames);
    if (channels == 1) return;
    for (size_t i = 0; i < frames; i++) noise_[i * channels + channel] = channel_noise[i];
  }
}

}  // namespace noisemill
