// The passes that measure a signal and its noise, and what follows from them: the levels of all
// layers, and the gain of the mixture. The twin is lib/core/measuring.ts.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "noise/noise.h"
#include "transform.h"

namespace noisemill {

// A piece of a recording.
struct PieceFigures {
  // Number of the file in the bank.
  uint32_t file = 0;
  // First frame of the recording that is heard.
  uint64_t from = 0;
  // Frame of the signal at which it is heard.
  uint64_t at = 0;
};

// The figures of a layer.
struct LayerFigures {
  // Nominal standard deviation of its noise before the gain, in full-scale units; for recordings,
  // their RMS.
  double deviation = 0;
  // The pieces of recordings that are heard.
  std::vector<PieceFigures> pieces;
};

// Chooses the passes that measure, and sets the levels of all layers by their tallies. While `next`
// returns a pass, walk it and call `end`. Noise and layout must outlive this object.
class Measuring {
 public:
  // Throws Failure E_NOISE_BANK, E_NOISE_RATE, E_NOISE_CHANNELS or E_NOISE_FEW.
  Measuring(const Noise& noise, const FrameLayout& layout, bool strict);

  // Returns the next pass; nullopt if all levels are known.
  std::optional<PassSettings> next() const;
  // Ends a pass, whose tally this is. Throws Failure E_SIGNAL_POWER, E_SIGNAL_SILENT,
  // E_NOISE_SILENT, E_NOISE_FEW or E_WAV_STRICT.
  void end(const FileTally& tally);
  // The levels of all layers, once there is no further pass.
  const std::vector<LayerLevel>& levels() const { return levels_; }
  // Returns the figures of the layers; none if the only one is generated.
  std::vector<LayerFigures> figures() const;

  std::vector<const char*> warnings;
  // Whether the output is not to be written, because the signal is silent.
  bool is_omitted = false;
  std::optional<Activity> activity;

 private:
  // What is measured in a pass. -1 as a layer stands for none, and as a take for the whole layer.
  struct Step {
    int layer;
    int take;
  };

  bool is_first() const { return step_ == 0 && redraws_ == 0; }
  // Whether a layer is heard. Its first event may begin after the end of the signal.
  bool is_heard(size_t layer) const;
  // Draws the takes of a layer: different files.
  std::vector<Take> first_takes(const Layer& layer, const OpenBank& open) const;
  // Returns the first draw from `draw` on whose file no take of `others` has.
  uint64_t next_draw(const Layer& layer, const OpenBank& open, uint64_t draw, const std::vector<Take>& others) const;
  Placement placement(size_t layer, const Take& take) const;
  // Takes what the first pass says of the signal, and sets the levels of the layers that need
  // nothing else.
  void end_signal(const FileTally& tally, uint64_t finite);
  // Takes what a pass says of noise. Returns false if a take was silent, and another one is to be
  // measured.
  bool end_noise(const Step& step, const FileTally& tally, uint64_t finite);
  void redraw(size_t layer, size_t take);
  // Sets the level of a layer from the power of its noise.
  void set_level(size_t layer, double noise_power);

  const Noise& noise_;
  const FrameLayout& layout_;
  const bool strict_;
  std::vector<LayerLevel> levels_;
  // The open banks of layers, by their place.
  std::vector<OpenBank> banks_;
  std::vector<Step> steps_;
  size_t step_ = 0;
  // Times that the take of this step was drawn again.
  uint64_t redraws_ = 0;
  // Mean power of the signal, or its active level; the levels of SNRs refer to it.
  double power_ = 0;
};

// Returns the nominal standard deviation of the sum of layers, which are independent.
double total_deviation(const std::vector<LayerLevel>& levels);

// Returns the gain that brings the mixture to its level, and below the ceiling if clipping scales.
// `tally` is that of the pass kSurvey. Throws Failure E_SIGNAL_POWER.
double gain_of(const Noise& noise, const FileTally& tally, const FrameLayout& layout);

}  // namespace noisemill
