// The noise that a job adds, as one value in jobs on files and on slices, and the sources that it
// describes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../arena.h"
#include "keys.h"
#include "recorded.h"
#include "source.h"

namespace noisemill {

enum class LevelKind : uint8_t {
  // `level` is the standard deviation in full-scale units.
  kSigma,
  // `level` is the standard deviation divided by the RMS of the signal.
  kSnr,
};

// What the RMS of a signal is for an SNR: its mean, or that of active speech only (activity.h).
enum class SnrReference : uint8_t { kRms, kActive };

// How the level of a mixture is set: not at all, by its RMS, or by its largest magnitude.
enum class OutputLevel : uint8_t { kKeep, kRms, kPeak };

// What happens to values beyond the range of the format; see lib/core/noise/noise.ts.
enum class ClipPolicy : uint8_t { kClamp, kScale, kError, kNone };

// What is done with a signal without power, which has no SNR.
enum class SilentPolicy : uint8_t { kCopy, kSkip, kError };

// One noise of an output, as plain data that crosses threads. Its level is drawn.
struct Layer {
  // How the noise is made of recordings, if it is.
  Recorded recorded;
  // Name of the kind; see kinds.h. Without meaning for recordings.
  std::string kind;
  // Values of the kind's parameters, in the order of its declaration.
  std::vector<double> parameters;
  NoiseKey key;
  LevelKind level_kind = LevelKind::kSigma;
  double level = 0;
  // Whether an SNR refers to the power of the noise that is added, instead of its nominal power.
  bool exact = false;

  bool is_recorded() const { return !recorded.bank.empty(); }
  // Whether it plays recordings without gaps.
  bool has_takes() const { return is_recorded() && std::isnan(recorded.gap_low); }
  // Whether the noise must be measured before its level is known.
  bool is_measured() const { return is_recorded() ? has_takes() : level_kind == LevelKind::kSnr && exact; }
};

// The noise of a job, as plain data that crosses threads. Options are already checked and all levels
// are drawn. The twin is lib/core/noise/noise.ts.
struct Noise {
  // Key of the output. Its dither follows from it.
  NoiseKey key;
  // The layers that are added up.
  std::vector<Layer> layers;
  // RMS or largest magnitude of the mixture, in full-scale units.
  OutputLevel output = OutputLevel::kKeep;
  double target = 0;
  SnrReference reference = SnrReference::kRms;
  ClipPolicy clip = ClipPolicy::kClamp;
  // Largest magnitude that ClipPolicy::kScale leaves, in full-scale units.
  double ceiling = 1;
  // Whether samples of PCM get dither before they are rounded.
  bool dither = false;
  SilentPolicy silent = SilentPolicy::kCopy;

  // Whether the signal must be measured before the levels of all layers are known.
  bool measures_signal() const {
    return std::any_of(layers.begin(), layers.end(), [](const Layer& layer) { return layer.level_kind == LevelKind::kSnr; });
  }
  // Whether the mixture must be measured before its gain is known.
  bool surveys_mixture() const { return output != OutputLevel::kKeep || clip == ClipPolicy::kScale; }
};

// A piece of a recording that a layer uses.
struct Take {
  // Number of the draw of its file and position.
  uint64_t draw = 0;
  // Factor of its samples within the layer.
  double gain = 1;
};

// What a layer got from the passes that measure.
struct LayerLevel {
  // The recordings that are added up; empty if the noise is generated, or consists of events.
  std::vector<Take> takes;
  // Factor of the values of its source.
  double sigma = 0;
  // Nominal standard deviation of the noise before the gain, in full-scale units.
  double deviation = 0;
};

// Throws Failure E_NOISE_LOW if the noise is not possible at this sample rate, and E_OPTION_INVALID
// if a kind does not exist.
void check_sample_rate(const Noise& noise, uint32_t sample_rate);

// Opens the source of the dither for a signal: values between -1 and 1, in steps of a PCM format.
std::unique_ptr<NoiseSource> open_dither(const Noise& noise, const SignalShape& signal, Arena& arena);

// Opens the source of generated noise for a signal. The layer must outlive the source. Throws what
// check_sample_rate throws.
std::unique_ptr<NoiseSource> open_generated(const Layer& layer, const SignalShape& signal, Arena& arena);

// Opens the source of a layer for a signal, or that of one of its takes alone, by its number; -1
// stands for the whole layer. The layer must outlive the source.
std::unique_ptr<NoiseSource> open_layer(const Layer& layer, const LayerLevel& level, int take, const SignalShape& signal, Arena& arena);

// Noise that is ready to be added: a source, and the factor of its values.
struct OpenNoise {
  std::unique_ptr<NoiseSource> source;
  double sigma = 0;
};

// Opens the sum of all layers for a signal. A single layer is its own sum, so that its factor keeps
// the precision of the signal's format. The noise must outlive the source.
OpenNoise open_noise(const Noise& noise, const std::vector<LayerLevel>& levels, const SignalShape& signal, Arena& arena);

}  // namespace noisemill
