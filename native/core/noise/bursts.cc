#include "bursts.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace noisemill {

namespace {

// Longest event, in seconds. Of a longer file, a piece is heard.
constexpr uint64_t kEventSeconds = 10;
// Fades at the ends of an event, in parts of a second.
constexpr uint32_t kFadesPerSecond = 100;
// Numbers of draws of an event: its own, and those in place of silent ones.
constexpr uint64_t kEventDraws = 1 + kRedraws;
// Frames that are read at once.
constexpr uint64_t kEventStep = 4096;

// Returns the event after another one; the first after nullptr.
BurstEvent event_after(const Recorded& recorded, const OpenBank& open, NoiseKey key, const SignalShape& signal, const BurstEvent* event) {
  const uint64_t number = event == nullptr ? 0 : event->number + 1;
  const double rate = signal.sample_rate;
  const double seconds = recorded.gap_low + (recorded.gap_high - recorded.gap_low) * draw(key, Purpose::kGap, number);
  const uint64_t before = event == nullptr ? 0 : event->at + event->frames;
  const uint64_t at = before + static_cast<uint64_t>(std::floor(seconds * rate + 0.5));
  const uint32_t file = open.selection->draw(key, number * kEventDraws, recorded.balance);
  return {number, at, std::min(open.bank->frames(file), kEventSeconds * signal.sample_rate)};
}

}  // namespace

uint64_t first_event_at(const Recorded& recorded, const OpenBank& open, NoiseKey key, const SignalShape& signal) {
  return event_after(recorded, open, key, signal, nullptr).at;
}

BurstSource::BurstSource(const Recorded& recorded, OpenBank open, NoiseKey key, const SignalShape& signal)
    : WindowSource(signal.channels), recorded_(recorded), open_(std::move(open)), key_(key), signal_(signal) {}

void BurstSource::load(uint64_t frame, size_t frames) {
  for (auto& values : window_) std::fill_n(values.data(), frames, 0.0f);
  const uint64_t end = frame + frames;
  if (!event_ || event_->at > frame) event_ = after(nullptr);
  for (BurstEvent event = *event_; event.at < end; event = after(&event)) {
    event_ = event;
    const uint64_t first = std::max(frame, event.at);
    const uint64_t last = std::min(end, event.at + event.frames);
    if (first >= last) continue;
    read_event(event);
    for (size_t channel = 0; channel < window_.size(); channel++) {
      const float* from = values_[values_.size() == 1 ? 0 : channel].data();
      std::copy(from + (first - event.at), from + (last - event.at), window_[channel].data() + (first - frame));
    }
  }
}

BurstEvent BurstSource::after(const BurstEvent* event) const { return event_after(recorded_, open_, key_, signal_, event); }

void BurstSource::read_event(const BurstEvent& event) {
  if (read_ == event.number) return;
  read_.reset();
  for (uint64_t n = event.number * kEventDraws; n < (event.number + 1) * kEventDraws; n++) {
    if (!read_piece(n, event.frames)) continue;
    read_ = event.number;
    return;
  }
  throw silent_noise();
}

bool BurstSource::read_piece(uint64_t n, uint64_t most) {
  const uint32_t file = open_.selection->draw(key_, n, recorded_.balance);
  const uint64_t whole = open_.bank->frames(file);
  const uint64_t frames = std::min(whole, most);
  const uint64_t from = draw_below(whole - frames + 1, key_, n);
  Recording recording(*open_.bank, file, signal_.channels, recorded_.downmix);
  values_.assign(recording.channels(), std::vector<float>(static_cast<size_t>(most)));
  for (uint64_t done = 0; done < frames; done += kEventStep) {
    recording.read(from + done, static_cast<size_t>(std::min(kEventStep, frames - done)), values_, static_cast<size_t>(done));
  }
  const uint64_t fade = std::min<uint64_t>(signal_.sample_rate / kFadesPerSecond, frames / 2);
  double sum = 0;
  for (auto& values : values_) {
    for (uint64_t i = 0; i < fade; i++) {
      const auto factor = static_cast<float>((static_cast<double>(i) + 0.5) / static_cast<double>(fade));
      values[i] *= factor;
      values[frames - 1 - i] *= factor;
    }
    for (uint64_t i = 0; i < frames; i++) sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  }
  const double power = sum / (static_cast<double>(frames) * static_cast<double>(values_.size()));
  if (power < kSilentPower) return false;
  const auto gain = static_cast<float>(1 / std::sqrt(power));
  for (auto& values : values_) {
    for (uint64_t i = 0; i < frames; i++) values[i] *= gain;
  }
  return true;
}

}  // namespace noisemill
