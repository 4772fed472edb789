// Mixing kernels. native/simd/kernels.cc includes this file once for each instruction set. Like all
// kernels it is freestanding: it uses builtins in place of <cmath>, so that it compiles to
// WebAssembly without a library.
#include "mix.h"

namespace noisemill {

namespace {

// Constants for rounding half to even. From 2^23 on every float32 is an integer (float64: 2^52), so
// adding and subtracting that number rounds.
struct Single {
  using Real = float;
  static constexpr float kIntegersFrom = 8388608.0f;
  static constexpr float kLargest = __FLT_MAX__;
  static float magnitude(float x) { return __builtin_fabsf(x); }
  static float with_sign_of(float magnitude, float sign) { return __builtin_copysignf(magnitude, sign); }
};

struct Double {
  using Real = double;
  static constexpr double kIntegersFrom = 4503599627370496.0;
  static constexpr double kLargest = __DBL_MAX__;
  static double magnitude(double x) { return __builtin_fabs(x); }
  static double with_sign_of(double magnitude, double sign) { return __builtin_copysign(magnitude, sign); }
};

template <typename P, typename T = typename P::Real>
inline T round_half_even(T v) {
  const T magic = P::with_sign_of(P::kIntegersFrom, v);
  const T rounded = (v + magic) - magic;
  return P::magnitude(v) < P::kIntegersFrom ? rounded : v;
}

// The settings in the precision of the format, and what follows from the format.
template <typename T>
struct MixConstants {
  T sigma;
  T gain;
  T scale;
  T unscale;
  T low;
  T high;
};

template <typename P, typename T = typename P::Real>
inline bool is_finite(T x) {
  // NaN fails the comparison too.
  return P::magnitude(x) <= P::kLargest;
}

// Counts of one piece, one per lane. So the loops over lanes have no branches and no dependences.
struct Counts {
  uint32_t clipped[kAccumulators] = {};
  uint32_t non_finite[kAccumulators] = {};
};

// What a piece contains: PCM, which is always finite, without or with dither; floats that are all
// finite; or floats of which some may not be.
enum class Content : uint8_t { kPcm, kDithered, kFinite, kAny };

// Mixes up to kAccumulators samples. One loop has the precision of the format, and one computes the
// sums in float64. Compilers vectorise both, because they are separate and `count` is a constant
// when it is inlined.
template <typename P, Content kContent, typename T = typename P::Real>
inline void mix_group(T* values, const float* noise, const float* dither, size_t count, const MixConstants<T>& settings,
                      double* signal_lanes, double* noise_lanes, Counts& counts) {
  constexpr bool kDithered = kContent == Content::kDithered;
  constexpr bool kPcm = kContent == Content::kPcm || kDithered;
  constexpr bool kAny = kContent == Content::kAny;
  // The values for the sums, with 0 in place of values that are not finite.
  T before[kAccumulators];
  T after[kAccumulators];
  for (size_t lane = 0; lane < count; lane++) {
    const T x = values[lane];
    T v = (x + settings.sigma * static_cast<T>(noise[lane])) * settings.gain;
    if (kPcm) v = v * settings.scale;
    if (kDithered) v = v + static_cast<T>(dither[lane]);
    if (kPcm) v = round_half_even<P>(v);
    T clamped = v < settings.low ? settings.low : v;
    clamped = clamped > settings.high ? settings.high : clamped;
    const T y = kPcm ? clamped * settings.unscale : clamped;
    const bool finite = !kAny || is_finite<P>(x);
    values[lane] = finite ? y : x;
    before[lane] = finite ? x : T(0);
    after[lane] = finite ? y : T(0);
    counts.clipped[lane] += finite ? (clamped != v ? 1u : 0u) : 0u;
    if (kAny) counts.non_finite[lane] += finite ? 0u : 1u;
  }
  for (size_t lane = 0; lane < count; lane++) {
    const double signal = static_cast<double>(before[lane]);
    const double difference = static_cast<double>(after[lane]) - static_cast<double>(settings.gain) * signal;
    signal_lanes[lane] += signal * signal;
    noise_lanes[lane] += difference * difference;
  }
}

template <typename P, Content kContent, typename T = typename P::Real>
void mix_run(T* values, const float* noise, const float* dither, size_t count, const MixConstants<T>& settings, MixTally& tally) {
  Counts counts;
  double signal_lanes[kAccumulators];
  double noise_lanes[kAccumulators];
  for (size_t lane = 0; lane < kAccumulators; lane++) {
    signal_lanes[lane] = tally.signal[lane];
    noise_lanes[lane] = tally.noise[lane];
  }
  size_t i = 0;
  for (; i + kAccumulators <= count; i += kAccumulators) {
    mix_group<P, kContent>(values + i, noise + i, dither + i, kAccumulators, settings, signal_lanes, noise_lanes, counts);
  }
  mix_group<P, kContent>(values + i, noise + i, dither + i, count - i, settings, signal_lanes, noise_lanes, counts);
  for (size_t lane = 0; lane < kAccumulators; lane++) {
    tally.signal[lane] = signal_lanes[lane];
    tally.noise[lane] = noise_lanes[lane];
    tally.clipped += counts.clipped[lane];
    tally.non_finite += counts.non_finite[lane];
  }
}

template <typename P, typename T = typename P::Real>
bool all_finite(const T* values, size_t count) {
  uint32_t others = 0;
  for (size_t i = 0; i < count; i++) others += is_finite<P>(values[i]) ? 0u : 1u;
  return others == 0;
}

template <typename P, typename T = typename P::Real>
void mix_as(T* values, const float* noise, size_t count, const SampleFormat& format, uint32_t valid_bits, const MixSettings& settings,
            MixTally& tally) {
  const T sigma = static_cast<T>(settings.sigma);
  const T gain = static_cast<T>(settings.gain);
  // Only dithered pieces read it. The noise stands in, so that no pointer is moved beyond its array.
  const float* const dither = settings.dither == nullptr ? noise : settings.dither;
  if (!format.is_float) {
    const T scale = static_cast<T>(int64_t{1} << (valid_bits - 1));
    const MixConstants<T> constants = {sigma, gain, scale, T(1) / scale, -scale, scale - T(1)};
    if (settings.dither == nullptr) {
      mix_run<P, Content::kPcm>(values, noise, dither, count, constants, tally);
    } else {
      mix_run<P, Content::kDithered>(values, noise, dither, count, constants, tally);
    }
    return;
  }
  const bool clip = settings.clip;
  const MixConstants<T> constants = {sigma, gain, 1, 1, clip ? T(-1) : -P::kLargest, clip ? T(1) : P::kLargest};
  // One check of all values is faster than a check in every step.
  if (all_finite<P>(values, count)) {
    mix_run<P, Content::kFinite>(values, noise, dither, count, constants, tally);
  } else {
    mix_run<P, Content::kAny>(values, noise, dither, count, constants, tally);
  }
}

// Sums and peaks of one piece, one per lane.
template <typename T>
struct SurveyLanes {
  double signal[kAccumulators];
  double noise[kAccumulators];
  double mixture[kAccumulators];
  T peak[kAccumulators];
  uint32_t non_finite[kAccumulators];
};

template <typename P, typename T = typename P::Real>
inline void survey_group(const T* values, const float* noise, size_t count, T sigma, SurveyLanes<T>& lanes) {
  T before[kAccumulators];
  T added[kAccumulators];
  T mixed[kAccumulators];
  for (size_t lane = 0; lane < count; lane++) {
    const T x = values[lane];
    const T n = sigma * static_cast<T>(noise[lane]);
    const T m = x + n;
    const bool finite = is_finite<P>(x);
    before[lane] = finite ? x : T(0);
    added[lane] = finite ? n : T(0);
    mixed[lane] = finite ? m : T(0);
    const T magnitude = P::magnitude(mixed[lane]);
    lanes.peak[lane] = magnitude > lanes.peak[lane] ? magnitude : lanes.peak[lane];
    lanes.non_finite[lane] += finite ? 0u : 1u;
  }
  for (size_t lane = 0; lane < count; lane++) {
    const double x = static_cast<double>(before[lane]);
    const double n = static_cast<double>(added[lane]);
    const double m = static_cast<double>(mixed[lane]);
    lanes.signal[lane] += x * x;
    lanes.noise[lane] += n * n;
    lanes.mixture[lane] += m * m;
  }
}

template <typename P, typename T = typename P::Real>
void survey_as(const T* values, const float* noise, size_t count, T sigma, MixTally& tally) {
  SurveyLanes<T> lanes;
  for (size_t lane = 0; lane < kAccumulators; lane++) {
    lanes.signal[lane] = tally.signal[lane];
    lanes.noise[lane] = tally.noise[lane];
    lanes.mixture[lane] = tally.mixture[lane];
    lanes.peak[lane] = 0;
    lanes.non_finite[lane] = 0;
  }
  size_t i = 0;
  for (; i + kAccumulators <= count; i += kAccumulators) survey_group<P>(values + i, noise + i, kAccumulators, sigma, lanes);
  survey_group<P>(values + i, noise + i, count - i, sigma, lanes);
  for (size_t lane = 0; lane < kAccumulators; lane++) {
    tally.signal[lane] = lanes.signal[lane];
    tally.noise[lane] = lanes.noise[lane];
    tally.mixture[lane] = lanes.mixture[lane];
    const double peak = static_cast<double>(lanes.peak[lane]);
    tally.peak = peak > tally.peak ? peak : tally.peak;
    tally.non_finite += lanes.non_finite[lane];
  }
}

void survey(const void* values, const float* noise, size_t count, const SampleFormat& format, double sigma, MixTally& tally) {
  if (format.wide) {
    survey_as<Double>(static_cast<const double*>(values), noise, count, sigma, tally);
  } else {
    survey_as<Single>(static_cast<const float*>(values), noise, count, static_cast<float>(sigma), tally);
  }
}

template <typename P, typename T = typename P::Real>
void measure_run(const T* values, size_t count, MixTally& tally) {
  double* signal = tally.signal;
  uint32_t non_finite = 0;
  const auto one = [&](size_t i, size_t lane) {
    const T x = values[i];
    const bool finite = is_finite<P>(x);
    const double square = static_cast<double>(x) * static_cast<double>(x);
    signal[lane] += finite ? square : 0.0;
    non_finite += static_cast<uint32_t>(!finite);
  };
  size_t i = 0;
  for (; i + kAccumulators <= count; i += kAccumulators) {
    for (size_t lane = 0; lane < kAccumulators; lane++) one(i + lane, lane);
  }
  for (size_t lane = 0; i < count; i++, lane++) one(i, lane);
  tally.non_finite += non_finite;
}

void measure(const void* values, size_t count, const SampleFormat& format, MixTally& tally) {
  if (format.wide) {
    measure_run<Double>(static_cast<const double*>(values), count, tally);
  } else {
    measure_run<Single>(static_cast<const float*>(values), count, tally);
  }
}

void mix(void* values, const float* noise, size_t count, const SampleFormat& format, uint32_t valid_bits, const MixSettings& settings,
         MixTally& tally) {
  if (format.wide) {
    mix_as<Double>(static_cast<double*>(values), noise, count, format, valid_bits, settings, tally);
  } else {
    mix_as<Single>(static_cast<float*>(values), noise, count, format, valid_bits, settings, tally);
  }
}

}  // namespace

}  // namespace noisemill
