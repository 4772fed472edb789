// Active speech level and activity factor by Recommendation ITU-T P.56 (12/2011), method B. The twin
// is lib/core/activity.ts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "wav/samples.h"

namespace noisemill {

// Number of thresholds.
constexpr size_t kThresholds = 48;

// What a signal's samples add up to, for each channel.
struct ActivityTally {
  // Number of samples for which threshold j of channel c was active, at `c * kThresholds + j`.
  std::vector<double> active;
  // Sum of the squares.
  std::vector<double> energy;
};

// The active level of a signal.
struct Activity {
  // Mean power of the active parts, as a mean over the channels.
  double power = 0;
  // Share of the time that is active, from 0 to 1, as a mean over the channels; NaN if it is not
  // known.
  double factor = 0;
};

// Follows the envelope of each channel.
class ActivityMeter {
 public:
  // A sample rate of 0 counts as 1.
  ActivityMeter(uint32_t channels, uint32_t sample_rate);

  // Adds the next samples, interleaved, float or double according to `format.wide`. NaN and
  // infinities count as 0.
  void add(const void* values, size_t count, const SampleFormat& format);

  ActivityTally tally;

 private:
  struct Channel {
    double p = 0;
    double q = 0;
    // Samples for which each threshold has been active since it was last reached.
    uint32_t idle[kThresholds];
  };

  template <typename T>
  void follow(uint32_t channel, const T* values, size_t count);
  // Counts the next samples, at which the envelope reaches the first `reached` thresholds and no
  // other.
  void count_samples(uint32_t channel, size_t reached, uint32_t samples);

  const uint32_t channels_;
  double smoothing_;
  uint32_t hangover_;
  std::vector<Channel> states_;
};

// Returns the active level. A channel whose level the method cannot tell, because it is too short or
// only a click, counts with its mean power, and the factor is then NaN. `frames` is at least 1.
Activity activity_of(const ActivityTally& tally, uint64_t frames);

}  // namespace noisemill
