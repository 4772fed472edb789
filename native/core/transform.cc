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
  for (const double block : part.mixture) mixture += block;
  clipped += part.clipped;
  non_finite += part.non_finite;
  peak = std::max(peak, part.peak);
  unfit += part.unfit;
  if (part.activity) activity = part.activity;
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
      part_.mixture.push_back(fold_block(tally_.mixture));
    }
  }
}

PartTally FrameWalk::take_tally() {
  part_.clipped = tally_.clipped;
  part_.non_finite = tally_.non_finite;
  part_.peak = tally_.peak;
  return std::move(part_);
}

namespace {

// Measures a signal, and changes nothing.
class PowerMeter : public FrameWalk {
 public:
  PowerMeter(const FrameLayout& layout, uint64_t first_frame, std::unique_ptr<ActivityMeter> activity, Arena& arena)
      : FrameWalk(layout, first_frame, arena), activity_(std::move(activity)) {}

  PartTally take_tally() override {
    PartTally tally = FrameWalk::take_tally();
    if (activity_) tally.activity = std::move(activity_->tally);
    return tally;
  }

 protected:
  void piece(uint8_t* bytes, size_t frames) override {
    const size_t count = frames * layout_.channels;
    const void* values = kernels().decode(*layout_.format, bytes, count, scratch_);
    measure(values, count, frames);
    if (activity_) activity_->add(values, count, *layout_.format);
  }

  virtual void measure(const void* values, size_t count, size_t) { kernels().measure(values, count, *layout_.format, tally_); }

 private:
  const std::unique_ptr<ActivityMeter> activity_;
};

// Writes a source for the next frames of every channel, interleaved like the samples.
class InterleavedSource {
 public:
  InterleavedSource(std::unique_ptr<NoiseSource> source, uint32_t channels, Arena& arena)
      : source_(std::move(source)), channels_(channels) {
    const size_t frames = piece_frames(channels);
    values_ = arena.take<float>(frames * channels);
    channel_values_ = channels == 1 ? values_ : arena.take<float>(frames);
  }

  const float* fill(uint64_t frame, size_t frames) {
    for (uint32_t channel = 0; channel < channels_; channel++) {
      source_->fill(channel, frame, channel_values_, frames);
      if (channels_ == 1) break;
      for (size_t i = 0; i < frames; i++) values_[i * channels_ + channel] = channel_values_[i];
    }
    return values_;
  }

 private:
  const std::unique_ptr<NoiseSource> source_;
  const uint32_t channels_;
  float* values_;
  float* channel_values_;
};

SignalShape shape_of(const FrameLayout& layout) { return {layout.channels, layout.sample_rate, layout.frames}; }

// Measures a signal, its noise and their mixture, and changes nothing.
class MixtureMeter final : public PowerMeter {
 public:
  MixtureMeter(const FrameLayout& layout, uint64_t first_frame, OpenNoise noise, std::unique_ptr<ActivityMeter> activity, Arena& arena)
      : PowerMeter(layout, first_frame, std::move(activity), arena),
        noise_(std::move(noise.source), layout.channels, arena),
        sigma_(noise.sigma) {}

 protected:
  void measure(const void* values, size_t count, size_t frames) override {
    kernels().survey(values, noise_.fill(frame_, frames), count, *layout_.format, sigma_, tally_);
  }

 private:
  InterleavedSource noise_;
  const double sigma_;
};

// Makes the output: adds noise to the frames.
class NoiseTransform final : public FrameWalk {
 public:
  NoiseTransform(const FrameLayout& layout, uint64_t first_frame, const Noise& noise, OpenNoise opened, double gain, Arena& arena)
      : FrameWalk(layout, first_frame, arena),
        noise_(std::move(opened.source), layout.channels, arena),
        settings_{opened.sigma, gain, noise.clip != ClipPolicy::kNone, nullptr} {
    if (noise.dither && !layout.format->is_float) {
      dither_.emplace(open_dither(noise, shape_of(layout), arena), layout.channels, arena);
    }
  }

 protected:
  void piece(uint8_t* bytes, size_t frames) override {
    const SampleFormat& format = *layout_.format;
    const float* noise = noise_.fill(frame_, frames);
    if (dither_) settings_.dither = dither_->fill(frame_, frames);
    const size_t count = frames * layout_.channels;
    const Kernels& use = kernels();
    void* values = use.decode(format, bytes, count, scratch_);
    use.mix(values, noise, count, format, layout_.valid_bits, settings_, tally_);
    use.encode(format, values, bytes, count);
  }

 private:
  InterleavedSource noise_;
  std::optional<InterleavedSource> dither_;
  MixSettings settings_;
};

}  // namespace

std::unique_ptr<FrameWalk> open_walk(const FrameLayout& layout, uint64_t first_frame, const Noise& noise,
                                     const PassSettings& settings, Arena& arena) {
  const auto opened = [&] { return open_noise(noise, settings.levels, shape_of(layout), arena); };
  if (settings.pass == Pass::kWrite) {
    const bool is_noisy = std::any_of(settings.levels.begin(), settings.levels.end(), [](const LayerLevel& level) { return level.sigma != 0; });
    if (settings.gain == 1 && !is_noisy) return std::make_unique<PowerMeter>(layout, first_frame, nullptr, arena);
    return std::make_unique<NoiseTransform>(layout, first_frame, noise, opened(), settings.gain, arena);
  }
  if (settings.pass == Pass::kSurvey) return std::make_unique<MixtureMeter>(layout, first_frame, opened(), nullptr, arena);
  std::unique_ptr<ActivityMeter> activity;
  if (settings.activity) activity = std::make_unique<ActivityMeter>(layout.channels, layout.sample_rate);
  if (settings.measured < 0) return std::make_unique<PowerMeter>(layout, first_frame, std::move(activity), arena);
  const auto measured = static_cast<size_t>(settings.measured);
  OpenNoise layer = {open_layer(noise.layers[measured], settings.levels[measured], settings.take, shape_of(layout), arena), 1};
  return std::make_unique<MixtureMeter>(layout, first_frame, std::move(layer), std::move(activity), arena);
}

}  // namespace noisemill
