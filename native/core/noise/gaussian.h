// Gaussian noise with mean 0 and variance 1, by the transform of Box and Muller (Ann. Math. Stat.
// 29, 1958) on pairs of 32-bit words. docs/numerics.md specifies every operation and their order.
// So even an "equivalent" rewrite changes the stream.
#pragma once

#include "source.h"
#include "xoshiro.h"

namespace noisemill {

namespace {

namespace gaussian {

// Frames that one step of all lanes yields. Each lane yields one by the cosine and one by the sine.
constexpr size_t kFramesPerStep = 2 * kLanes;
static_assert(kFramesPerStep == kFillFrames, "Gaussian::fill works in whole steps");

// -2 ln(m) = f (A0 + A1 f + ... + A8 f^8), f = m - 1, sqrt(1/2) <= m < sqrt(2); relative error 3.5e-8.
constexpr float kA0 = -2.0f;
constexpr float kA1 = 0.9999998211860657f;
constexpr float kA2 = -0.6666790246963501f;
constexpr float kA3 = 0.5000351071357727f;
constexpr float kA4 = -0.39924144744873047f;
constexpr float kA5 = 0.33141013979911804f;
constexpr float kA6 = -0.29835948348045349f;
constexpr float kA7 = 0.28615054488182068f;
constexpr float kA8 = -0.17469692230224609f;
constexpr float kMinusTwoLn2 = -1.3862943649291992f;

// sin(pi/2 w) = w (S0 + S1 z + ... + S4 z^4), z = w^2, |w| <= 1; error 4.2e-8.
constexpr float kS0 = 1.5707963705062866f;
constexpr float kS1 = -0.64596372842788696f;
constexpr float kS2 = 0.079689681529998779f;
constexpr float kS3 = -0.0046737669035792351f;
constexpr float kS4 = 0.00015148521924857050f;

// cos(pi/2 w) = 1 + C1 z + ... + C4 z^4; error 7.7e-8.
constexpr float kC1 = -1.2336988449096680f;
constexpr float kC2 = 0.25365319848060608f;
constexpr float kC3 = -0.020813966169953346f;
constexpr float kC4 = 0.00085969001520425081f;

constexpr float kTwoToMinus31 = 1.0f / 2147483648.0f;
constexpr int32_t kSqrtHalfBits = 0x3f3504f3;

inline int32_t bits_of(float x) {
  int32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline float float_of(int32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

// Steps whose words are drawn before any is used. Two short loops over many values use a processor
// better than one long loop.
constexpr size_t kStepsAtOnce = 8;

// Computes the values of one step from its words.
inline void box_muller(const uint32_t* radius_words, const uint32_t* angle_words, float* out) {
  for (size_t lane = 0; lane < kLanes; lane++) {
    // -2 ln u with u = (k + 0.5) 2^-31, k the upper 31 bits: u in (0, 1].
    const int32_t bits = bits_of(static_cast<float>(static_cast<int32_t>(radius_words[lane] >> 1)) + 0.5f);
    const int32_t exponent_bits = (bits - kSqrtHalfBits) & static_cast<int32_t>(0xff800000);
    const float f = float_of(bits - exponent_bits) - 1.0f;
    // Estrin's scheme: its short chains of dependent operations run in parallel.
    const float f2 = f * f;
    const float f4 = f2 * f2;
    const float upper = (kA8 * f2 + (kA7 * f + kA6)) * f2 + (kA5 * f + kA4);
    const float lower = (kA3 * f + kA2) * f2 + (kA1 * f + kA0);
    const float p = upper * f4 + lower;
    const float exponent = static_cast<float>((exponent_bits >> 23) - 31);
    const float radius = __builtin_sqrtf(exponent * kMinusTwoLn2 + p * f);

    // The top bit of the second word turns the angle by half a circle. The lower 31 bits are an
    // angle from -pi/2 to pi/2.
    const float with_sign = float_of(bits_of(radius) ^ static_cast<int32_t>(angle_words[lane] & 0x80000000u));
    const float w = static_cast<float>(static_cast<int32_t>(angle_words[lane] << 1)) * kTwoToMinus31;
    const float z = w * w;
    float sine = kS4 * z + kS3;
    sine = sine * z + kS2;
    sine = sine * z + kS1;
    sine = sine * z + kS0;
    sine = sine * w;
    float cosine = kC4 * z + kC3;
    cosine = cosine * z + kC2;
    cosine = cosine * z + kC1;
    cosine = cosine * z + 1.0f;
    out[lane] = with_sign * cosine;
    out[kLanes + lane] = with_sign * sine;
  }
}

}  // namespace gaussian

// The members are described in GeneratedKind.
struct Gaussian {
  static constexpr const char* kName = "gaussian";
  static constexpr size_t kParameters = 0;
  static constexpr size_t kBlockFrames = noisemill::kBlockFrames;
  static constexpr size_t kStateWords = kLaneStateWords;

  static void seed(uint32_t* state, const NoiseContext& context, uint32_t channel, uint64_t block) {
    seed_lanes(state, context.key.low, context.key.high, channel, block);
  }

  static void fill(uint32_t* state, const double*, float* out, size_t frames) {
    using namespace gaussian;
    const size_t steps = (frames + kFramesPerStep - 1) / kFramesPerStep;
    Lanes lanes(state);
    uint32_t radius_words[kStepsAtOnce * kLanes];
    uint32_t angle_words[kStepsAtOnce * kLanes];
    for (size_t done = 0; done < steps; done += kStepsAtOnce) {
      const size_t count = steps - done < kStepsAtOnce ? steps - done : kStepsAtOnce;
      for (size_t step = 0; step < count; step++) {
        for (size_t lane = 0; lane < kLanes; lane++) {
          radius_words[step * kLanes + lane] = lanes.next(lane);
          angle_words[step * kLanes + lane] = lanes.next(lane);
        }
      }
      for (size_t step = 0; step < count; step++, out += kFramesPerStep) {
        box_muller(radius_words + step * kLanes, angle_words + step * kLanes, out);
      }
    }
    lanes.store(state);
  }
};

}  // namespace

}  // namespace noisemill
