// The passes that measure a signal and its noise, and what follows from them: the levels of all
// layers, and the gain of the mixture. The twin is lib/core/measuring.ts.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "noise/noise.h"
#include "transform.h"

namespace noisemill {

// Chooses the passes that measure, and sets the levels of all layers by their tallies. While `next`
// returns a pass, walk it and call `end`. Noise and layout must outlive this object.
class Measuring {
 public:
  Measuring(const Noise& noise, const FrameLayout& layout, bool strict);

  // Returns the next pass; nullopt if all levels are known.
  std::optional<PassSettings> next() const;
  // Ends a pass, whose tally this is. Throws Failure E_SIGNAL_POWER, E_SIGNAL_SILENT or E_WAV_STRICT.
  void end(const FileTally& tally);
  // The levels of all layers, once there is no further pass.
  const std::vector<LayerLevel>& levels() const { return levels_; }

  std::vector<const char*> warnings;
  // Whether the output is not to be written, because the signal is silent.
  bool is_omitted = false;
  std::optional<Activity> activity;

 private:
  // Takes what the first pass says of the signal, and sets the levels of the layers that need
  // nothing else.
  void end_signal(const FileTally& tally, uint64_t finite);
  // Sets the level of a layer, whose SNR refers to the power of the signal, from the power of its
  // noise.
  void set_level(size_t layer, double noise_power);

  const Noise& noise_;
  const FrameLayout& layout_;
  const bool strict_;
  std::vector<LayerLevel> levels_;
  // The layers whose noise is measured, in their order. A pass that measures no noise has -1.
  std::vector<int> steps_;
  size_t step_ = 0;
  // Mean power of the signal, or its active level; the levels of SNRs refer to it.
  double power_ = 0;
};

// Returns the nominal standard deviation of the sum of layers, which are independent.
double total_deviation(const std::vector<LayerLevel>& levels);

// Returns the gain that brings the mixture to its level, and below the ceiling if clipping scales.
// `tally` is that of the pass kSurvey. Throws Failure E_SIGNAL_POWER.
double gain_of(const Noise& noise, const FileTally& tally, const FrameLayout& layout);

}  // namespace noisemill
