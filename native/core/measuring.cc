#include "measuring.h"

#include <cmath>
#include <limits>

#include "failure.h"
#include "wav/header.h"

namespace noisemill {

Measuring::Measuring(const Noise& noise, const FrameLayout& layout, bool strict)
    : noise_(noise), layout_(layout), strict_(strict) {
  for (size_t i = 0; i < noise.layers.size(); i++) {
    const Layer& layer = noise.layers[i];
    levels_.push_back({layer.level, layer.level});
    if (layer.is_measured()) steps_.push_back(static_cast<int>(i));
  }
  if (steps_.empty() && noise.measures_signal()) steps_.push_back(-1);
}

std::optional<PassSettings> Measuring::next() const {
  if (is_omitted || step_ == steps_.size()) return std::nullopt;
  return PassSettings{Pass::kMeasure, steps_[step_], levels_, 1};
}

void Measuring::end(const FileTally& tally) {
  const uint64_t finite = layout_.frames * layout_.channels - tally.non_finite;
  if (step_ == 0) end_signal(tally, finite);
  const int layer = steps_[step_++];
  if (layer >= 0) set_level(static_cast<size_t>(layer), finite == 0 ? 0 : tally.noise / static_cast<double>(finite));
}

void Measuring::end_signal(const FileTally& tally, uint64_t finite) {
  const double mean = finite == 0 ? 0 : tally.signal / static_cast<double>(finite);
  if (!std::isfinite(mean)) throw Failure{"E_SIGNAL_POWER", "the sum of the squared samples overflows"};
  const bool is_silent = mean == 0 && layout_.frames > 0;
  if (is_silent && noise_.silent == SilentPolicy::kError) throw Failure{"E_SIGNAL_SILENT", ""};
  if (tally.activity && layout_.frames > 0) activity = activity_of(*tally.activity, layout_.frames);
  const bool is_unknown = activity && std::isnan(activity->factor);
  if (is_unknown && strict_) refuse_warnings({"W_NO_ACTIVITY"});
  if (is_unknown) warnings.push_back("W_NO_ACTIVITY");
  if (is_silent) warnings.push_back("W_SILENT");
  is_omitted = is_silent && noise_.silent == SilentPolicy::kSkip;
  power_ = activity ? activity->power : mean;
  for (size_t i = 0; i < noise_.layers.size(); i++) {
    if (noise_.layers[i].level_kind == LevelKind::kSnr) set_level(i, 1);
  }
}

void Measuring::set_level(size_t layer, double noise_power) {
  const double rms = std::sqrt(power_) * noise_.layers[layer].level;
  const double sigma = rms == 0 ? 0 : rms / std::sqrt(noise_power);
  if (!std::isfinite(layout_.format->wide ? sigma : static_cast<float>(sigma))) {
    throw Failure{"E_SIGNAL_POWER", "the noise would be beyond what the format can hold"};
  }
  levels_[layer] = {sigma, sigma};
}

double total_deviation(const std::vector<LayerLevel>& levels) {
  if (levels.size() == 1) return levels[0].deviation;
  double sum = 0;
  for (const LayerLevel& level : levels) sum += level.deviation * level.deviation;
  return std::sqrt(sum);
}

double gain_of(const Noise& noise, const FileTally& tally, const FrameLayout& layout) {
  const double peak = tally.peak;
  if (peak == 0) return 1;
  const uint64_t finite = layout.frames * layout.channels - tally.non_finite;
  const double present = noise.output == OutputLevel::kRms ? std::sqrt(tally.mixture / static_cast<double>(finite)) : peak;
  const double gain = noise.output == OutputLevel::kKeep ? 1 : noise.target / present;
  const bool lowers = noise.clip == ClipPolicy::kScale && peak * gain > noise.ceiling;
  const double lowered = lowers ? noise.ceiling / peak : gain;
  // Smaller gains than the normal numbers of the format are not exact.
  const bool wide = layout.format->wide;
  const double used = wide ? lowered : static_cast<double>(static_cast<float>(lowered));
  const double least = wide ? std::numeric_limits<double>::min() : static_cast<double>(std::numeric_limits<float>::min());
  if (!(used >= least && std::isfinite(used))) {
    throw Failure{"E_SIGNAL_POWER", "the mixture would need a gain beyond what can be computed"};
  }
  return lowered;
}

}  // namespace noisemill
