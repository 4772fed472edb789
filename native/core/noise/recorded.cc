#include "recorded.h"

#include <algorithm>
#include <cmath>

namespace noisemill {

namespace {

// Longest crossfade of a loop, in parts of a second.
constexpr uint32_t kCrossfadesPerSecond = 2;

}  // namespace

uint64_t draw_below(uint64_t count, NoiseKey key, uint64_t n) {
  return static_cast<uint64_t>(std::floor(draw(key, Purpose::kNoiseOffset, n) * static_cast<double>(count)));
}

OpenBank open_bank_for(const Recorded& recorded, uint32_t sample_rate, uint32_t channels) {
  OpenBank open;
  open.bank = open_bank(recorded.bank);
  open.selection = &open.bank->select(sample_rate, channels);
  return open;
}

Placement placement_of(const Recorded& recorded, const OpenBank& open, NoiseKey key, uint64_t n, const SignalShape& signal) {
  const uint32_t file = open.selection->draw(key, n, recorded.balance);
  const uint64_t length = open.bank->frames(file);
  const uint64_t frames = signal.frames;
  if (length >= frames) return {file, draw_below(length - frames + 1, key, n), 0, frames, std::nullopt};
  if (recorded.fit == Fit::kOnce) return {file, 0, draw_below(frames - length + 1, key, n), length, std::nullopt};
  const uint64_t crossfade = std::min<uint64_t>(signal.sample_rate / kCrossfadesPerSecond, length / 2);
  return {file, draw_below(length - crossfade, key, n), 0, frames, crossfade};
}

RecordedSource::RecordedSource(const Placement& placement, OpenBank open, const Recorded& recorded, uint32_t channels)
    : RecordedSource(placement, open, std::make_unique<Recording>(*open.bank, placement.file, channels, recorded.downmix)) {}

RecordedSource::RecordedSource(const Placement& placement, OpenBank open, std::unique_ptr<Recording> recording)
    : WindowSource(recording->channels()), placement_(placement), open_(std::move(open)), recording_(std::move(recording)) {}

void RecordedSource::load(uint64_t frame, size_t frames) {
  if (placement_.crossfade) {
    loop(frame, frames, *placement_.crossfade);
    return;
  }
  const uint64_t at = placement_.at;
  const uint64_t first = std::max(frame, at);
  const uint64_t last = std::min(frame + frames, at + placement_.frames);
  if (first != frame || last != frame + frames) {
    for (auto& values : window_) std::fill_n(values.data(), frames, 0.0f);
  }
  if (first < last) {
    recording_->read(placement_.from + first - at, static_cast<size_t>(last - first), window_, static_cast<size_t>(first - frame));
  }
}

void RecordedSource::loop(uint64_t frame, size_t frames, uint64_t crossfade) {
  const uint64_t round = open_.bank->frames(placement_.file) - crossfade;
  for (size_t done = 0; done < frames;) {
    const uint64_t within = (placement_.from + frame + done) % round;
    const bool is_fading = within < crossfade;
    const auto count = static_cast<size_t>(std::min<uint64_t>(frames - done, (is_fading ? crossfade : round) - within));
    recording_->read(within, count, window_, done);
    if (is_fading) fade(within, count, done, round, crossfade);
    done += count;
  }
}

void RecordedSource::fade(uint64_t within, size_t count, size_t done, uint64_t round, uint64_t crossfade) {
  if (ending_.empty() || ending_[0].size() < count) ending_.assign(window_.size(), std::vector<float>(window_[0].size()));
  recording_->read(round + within, count, ending_, 0);
  for (size_t i = 0; i < count; i++) {
    // The squares of both factors add up to 1, so unrelated sounds keep their power.
    const double part = (static_cast<double>(within + i) + 0.5) / static_cast<double>(crossfade);
    const auto rising = static_cast<float>(std::sqrt(part));
    const auto falling = static_cast<float>(std::sqrt(1 - part));
    for (size_t channel = 0; channel < window_.size(); channel++) {
      float& value = window_[channel][done + i];
      const float risen = rising * value;
      const float fallen = falling * ending_[channel][i];
      value = risen + fallen;
    }
  }
}

Failure silent_noise() { return {"E_NOISE_SILENT", std::to_string(1 + kRedraws) + " pieces one after the other"}; }

}  // namespace noisemill
