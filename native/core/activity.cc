#include "activity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "powers.h"

namespace noisemill {

namespace {

// Time constant of the envelope, in seconds.
constexpr double kSmoothing = 0.03;
// Time for which speech counts as active after the envelope has left a threshold, in seconds.
constexpr double kHangover = 0.2;
// Difference between the active level and the threshold of activity, in dB.
constexpr double kMargin = 15.9;
// The lowest threshold. Each is twice the one before, up to 2^15, in full-scale units.
constexpr int kLowestExponent = -32;
constexpr double kLowest = 0x1p-32;
// An envelope below this is 0, because processors are slow with subnormal numbers.
constexpr double kVanishing = 0x1p-200;
// 10 log10(2): the decibels of a doubled power.
constexpr double kDecibelsOf2 = 3.010299956639812;
constexpr double kLn2 = 0.6931471805599453;

// Returns the power whose level is kMargin dB above the threshold with that activity, interpolated
// between two thresholds in decibels. Nothing if no threshold is that far below, or if the energy
// overflows.
std::optional<double> active_power(const double* counts, double energy) {
  if (std::isinf(energy)) return std::nullopt;
  double level = 0;
  double margin = 0;
  for (size_t j = 0; j < kThresholds && counts[j] > 0; j++) {
    const double next_level = kDecibelsOf2 * log_to_2(energy / counts[j]);
    const double next_margin = next_level - 2 * kDecibelsOf2 * (static_cast<double>(j) + kLowestExponent);
    if (next_margin <= kMargin) {
      if (j == 0) return std::nullopt;
      const double active = next_level + ((level - next_level) * (kMargin - next_margin)) / (margin - next_margin);
      return power_of_2(active / kDecibelsOf2);
    }
    level = next_level;
    margin = next_margin;
  }
  return std::nullopt;
}

}  // namespace

ActivityMeter::ActivityMeter(uint32_t channels, uint32_t sample_rate) : channels_(channels), states_(channels) {
  const double rate = std::max<uint32_t>(1, sample_rate);
  smoothing_ = power_of_2(-1 / (kSmoothing * rate) / kLn2);
  hangover_ = static_cast<uint32_t>(std::ceil(kHangover * rate));
  for (Channel& state : states_) std::fill_n(state.idle, kThresholds, hangover_);
  tally.active.assign(channels * kThresholds, 0);
  tally.energy.assign(channels, 0);
}

void ActivityMeter::add(const void* values, size_t count, const SampleFormat& format) {
  for (uint32_t channel = 0; channel < channels_; channel++) {
    if (format.wide) {
      follow(channel, static_cast<const double*>(values), count);
    } else {
      follow(channel, static_cast<const float*>(values), count);
    }
  }
}

template <typename T>
void ActivityMeter::follow(uint32_t channel, const T* values, size_t count) {
  const double keep = smoothing_;
  const double take = 1 - keep;
  double sum = tally.energy[channel];
  double p = states_[channel].p;
  double q = states_[channel].q;
  // The envelope is smooth, so it stays between two thresholds for many samples, which are counted
  // at once.
  size_t reached = 0;
  uint32_t samples = 0;
  double low = 0;
  double high = kLowest;
  for (size_t i = channel; i < count; i += channels_) {
    const double x = std::isfinite(values[i]) ? static_cast<double>(values[i]) : 0;
    sum += x * x;
    p = keep * p + take * std::fabs(x);
    if (p < kVanishing) p = 0;
    q = keep * q + take * p;
    if (q < kVanishing) q = 0;
    if (q < low || q >= high) {
      count_samples(channel, reached, samples);
      samples = 0;
      for (reached = 0, high = kLowest; reached < kThresholds && q >= high; reached++) high *= 2;
      low = reached == 0 ? 0 : high / 2;
    }
    samples++;
  }
  count_samples(channel, reached, samples);
  tally.energy[channel] = sum;
  states_[channel].p = p;
  states_[channel].q = q;
}

void ActivityMeter::count_samples(uint32_t channel, size_t reached, uint32_t samples) {
  double* active = &tally.active[channel * kThresholds];
  uint32_t* idle = states_[channel].idle;
  for (size_t j = 0; j < reached; j++) {
    active[j] += samples;
    idle[j] = 0;
  }
  for (size_t j = reached; j < kThresholds; j++) {
    const uint32_t lingering = std::min(samples, hangover_ - idle[j]);
    active[j] += lingering;
    idle[j] += lingering;
  }
}

Activity activity_of(const ActivityTally& tally, uint64_t frames) {
  const size_t channels = tally.energy.size();
  double power = 0;
  double factor = 0;
  for (size_t channel = 0; channel < channels; channel++) {
    const double mean = tally.energy[channel] / static_cast<double>(frames);
    if (mean == 0) continue;
    const std::optional<double> found = active_power(&tally.active[channel * kThresholds], tally.energy[channel]);
    power += found.value_or(mean);
    factor += found ? std::min(1.0, mean / *found) : std::numeric_limits<double>::quiet_NaN();
  }
  return {power / static_cast<double>(channels), factor / static_cast<double>(channels)};
}

}  // namespace noisemill
