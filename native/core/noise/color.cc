#include "color.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "../failure.h"
#include "../powers.h"
#include "source.h"

namespace noisemill {

namespace {

// Ratio of the corners of neighbouring poles, and its logarithm to the base 2.
constexpr double kSpacing = 5;
constexpr double kLog2Spacing = 2.321928094887362;
// The ladder begins at `low` divided by this number.
constexpr double kFallingBegin = 3;
constexpr double kRisingBegin = 5;
// There is less and less power below `low` divided by this number.
constexpr double kNoPower = 5;
// A pole at `low` divided by this number, and a zero, mend what this end of the ladder changes above
// `low`.
constexpr double kMend = 4;
// The ladder ends at this corner. It is above the largest S, because the sections beyond bend the
// line too.
constexpr double kTop = 32;

// Two pairs bend the line from S to the frequency: the pole is -p, and the zero -(p + b (q + r b)).
// b is the slope of a stage over kOctave.
struct Bend {
  double p, q, r;
};
constexpr Bend kBends[] = {
    {0.06782273813872931, 0.04984167892861449, 0.005311646241446677},
    {0.5167987512275825, 0.03801228598389989, -0.005325429316709107},
};
constexpr double kTwoPi = 6.283185307179586;
// Frames of warm-up times S at `low`, by the number of stages.
constexpr double kWarmUp[] = {0, 80, 100};
// Blocks are at least so many times as long as the warm-up, which so costs little.
constexpr int64_t kBlockWarmUps = 4;

// Range of `low` for a sample rate, in millionths of 1 Hz.
uint64_t lowest_low(uint64_t sample_rate) { return std::max<uint64_t>(1000, 20 * sample_rate); }
uint64_t highest_low(uint64_t sample_rate) { return std::min<uint64_t>(1'000'000'000'000, 250'000 * sample_rate); }

// Formats a number of millionths as JavaScript formats the quotient.
std::string quotient(uint64_t millionths) {
  std::string digits = std::to_string(1'000'000 + millionths % 1'000'000);
  digits[0] = '.';
  digits.erase(digits.find_last_not_of('0') + 1);
  return std::to_string(millionths / 1'000'000) + (digits == "." ? "" : digits);
}

// The poles and zeros of one stage.
struct Sections {
  size_t count = 0;
  double poles[kMaxFilterLanes];
  double zeros[kMaxFilterLanes];

  void add(double pole, double zero) {
    poles[count] = pole;
    zeros[count++] = zero;
  }
};

// The pole of the section with a corner.
double pole_at(double corner) { return 1 / (1 + corner * corner / 2 + corner * std::sqrt(1 + corner * corner / 4)); }

Sections sections(double b, bool is_rising, double lowest) {
  Sections all;
  const auto add = [&](double falling, double rising) {
    if (is_rising) std::swap(falling, rising);
    all.add(falling, rising);
  };
  const double ratio = power_of_2(b / 2 * kLog2Spacing);
  double corner = lowest / (is_rising ? kRisingBegin : kFallingBegin) * kSpacing / ratio;
  const double missing = corner * corner * (ratio * ratio - 1) / (kSpacing * kSpacing - 1);
  for (; corner < kTop; corner *= kSpacing) add(pole_at(corner), pole_at(corner * ratio));
  for (const Bend& bend : kBends) add(-bend.p, -(bend.p + b * (bend.q + bend.r * b)));
  const double no_power = lowest / kNoPower;
  const double mend = lowest / kMend;
  all.add(pole_at(mend), pole_at(std::sqrt(mend * mend + no_power * no_power + (is_rising ? -missing : missing))));
  all.add(pole_at(no_power), 1);
  return all;
}

// Power of white noise of the power 1 after one stage.
double power(const Sections& of, const double* inputs) {
  double sum = 1;
  for (size_t k = 0; k < of.count; k++) {
    for (size_t l = 0; l < of.count; l++) sum += inputs[k] * inputs[l] / (1 - of.poles[k] * of.poles[l]);
  }
  return sum;
}

// The same after two stages: the sum of the squares of the autocorrelation R after one. R at the lag
// m > 0 is the sum of a p^(m - 1) over the poles.
double power_after_two(const Sections& of, const double* inputs) {
  double a[kMaxFilterLanes];
  for (size_t k = 0; k < of.count; k++) {
    double sum = 1;
    for (size_t l = 0; l < of.count; l++) sum += inputs[l] * of.poles[k] / (1 - of.poles[k] * of.poles[l]);
    a[k] = inputs[k] * sum;
  }
  const double single = power(of, inputs);
  double sum = 0;
  for (size_t k = 0; k < of.count; k++) {
    for (size_t l = 0; l < of.count; l++) sum += a[k] * a[l] / (1 - of.poles[k] * of.poles[l]);
  }
  return single * single + 2 * sum;
}

// Writes the product of the sections as a sum of lanes, whose power for white noise is 1.
void set_coefficients(ColorFilter& filter, const Sections& of) {
  double inputs[kMaxFilterLanes];
  for (size_t k = 0; k < of.count; k++) {
    inputs[k] = of.poles[k] - of.zeros[k];
    for (size_t j = 0; j < of.count; j++) {
      if (j != k) inputs[k] = inputs[k] * (of.poles[k] - of.zeros[j]) / (of.poles[k] - of.poles[j]);
    }
  }
  filter.lanes = (of.count + kLaneGroup - 1) / kLaneGroup * kLaneGroup;
  const double gain = filter.stages == 1 ? 1 / std::sqrt(power(of, inputs)) : 1 / std::sqrt(std::sqrt(power_after_two(of, inputs)));
  for (size_t k = 0; k < of.count; k++) {
    filter.coefficients[k] = of.poles[k];
    filter.coefficients[filter.lanes + k] = inputs[k] * gain;
  }
  filter.coefficients[2 * filter.lanes] = gain;
}

}  // namespace

void check_low(double low, uint32_t sample_rate) {
  const uint64_t least = lowest_low(sample_rate);
  const uint64_t most = highest_low(sample_rate);
  if (low >= static_cast<double>(least) / 1e6 && low <= static_cast<double>(most) / 1e6) return;
  throw Failure{"E_NOISE_LOW",
                "the sample rate " + std::to_string(sample_rate) + " allows " + quotient(least) + " to " + quotient(most) + " Hz"};
}

ColorFilter color_filter(double slope, double low, uint32_t sample_rate) {
  ColorFilter filter;
  const double whole = std::abs(slope) / kOctave;
  filter.stages = whole > 2 ? 2 : 1;
  const double b = whole / static_cast<double>(filter.stages);
  const double lowest = kTwoPi * low / sample_rate;
  set_coefficients(filter, sections(b, slope > 0, lowest));
  constexpr auto kBlock = static_cast<int64_t>(kBlockFrames);
  filter.warm_up_frames = kBlock * static_cast<int64_t>(std::ceil(kWarmUp[filter.stages] / lowest / static_cast<double>(kBlockFrames)));
  filter.block_frames = kBlock;
  while (filter.block_frames < kBlockWarmUps * filter.warm_up_frames) filter.block_frames *= 2;
  return filter;
}

}  // namespace noisemill
