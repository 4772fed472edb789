#include "measuring.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "failure.h"
#include "noise/bursts.h"
#include "wav/header.h"

namespace noisemill {

namespace {

// Draws that are tried to find a file that no other take of a layer has.
constexpr uint64_t kMostDraws = 1000;

SignalShape shape_of(const FrameLayout& layout) { return {layout.channels, layout.sample_rate, layout.frames}; }

}  // namespace

Measuring::Measuring(const Noise& noise, const FrameLayout& layout, bool strict)
    : noise_(noise), layout_(layout), strict_(strict) {
  bool is_partial = false;
  for (const Layer& layer : noise.layers) {
    OpenBank open;
    if (layer.is_recorded()) open = open_bank_for(layer.recorded, layout.sample_rate, layout.channels);
    is_partial = is_partial || (open.selection != nullptr && open.selection->is_partial());
    banks_.push_back(std::move(open));
  }
  if (is_partial) warnings.push_back("W_NOISE_RATE");
  bool all_heard = true;
  for (size_t i = 0; i < noise.layers.size(); i++) all_heard = all_heard && is_heard(i);
  if (!all_heard && layout.frames > 0) warnings.push_back("W_NO_EVENTS");
  for (size_t i = 0; i < noise.layers.size(); i++) {
    const Layer& layer = noise.layers[i];
    levels_.push_back({first_takes(layer, banks_[i]), layer.level, is_heard(i) ? layer.level : 0});
    if (!layer.is_measured()) continue;
    const size_t takes = levels_[i].takes.size();
    for (size_t take = 0; takes > 1 && take < takes; take++) steps_.push_back({static_cast<int>(i), static_cast<int>(take)});
    steps_.push_back({static_cast<int>(i), -1});
  }
  if (steps_.empty() && noise.measures_signal()) steps_.push_back({-1, -1});
}

bool Measuring::is_heard(size_t layer) const {
  const Layer& of = noise_.layers[layer];
  if (!of.is_recorded() || of.has_takes()) return true;
  return first_event_at(of.recorded, banks_[layer], of.key, shape_of(layout_)) < layout_.frames;
}

std::vector<Take> Measuring::first_takes(const Layer& layer, const OpenBank& open) const {
  std::vector<Take> takes;
  if (!layer.has_takes()) return takes;
  const uint32_t voices = layer.recorded.voices;
  if (open.selection->count() < voices) {
    throw Failure{"E_NOISE_FEW", std::to_string(voices) + " voices, but only " + std::to_string(open.selection->count()) +
                                     " noise files that fit"};
  }
  for (uint64_t draw = 0; takes.size() < voices; draw++) {
    draw = next_draw(layer, open, draw, takes);
    takes.push_back({draw, 1});
  }
  return takes;
}

uint64_t Measuring::next_draw(const Layer& layer, const OpenBank& open, uint64_t draw, const std::vector<Take>& others) const {
  const auto file_of = [&](uint64_t n) { return open.selection->draw(layer.key, n, layer.recorded.balance); };
  for (uint64_t n = draw; n < draw + kMostDraws; n++) {
    const uint32_t file = file_of(n);
    if (std::none_of(others.begin(), others.end(), [&](const Take& other) { return file_of(other.draw) == file; })) return n;
  }
  throw Failure{"E_NOISE_FEW", std::to_string(kMostDraws) + " draws gave no other noise file"};
}

Placement Measuring::placement(size_t layer, const Take& take) const {
  const Layer& of = noise_.layers[layer];
  return placement_of(of.recorded, banks_[layer], of.key, take.draw, shape_of(layout_));
}

std::vector<LayerFigures> Measuring::figures() const {
  std::vector<LayerFigures> all;
  if (noise_.layers.size() == 1 && !noise_.layers[0].is_recorded()) return all;
  for (size_t i = 0; i < levels_.size(); i++) {
    LayerFigures& figures = all.emplace_back();
    figures.deviation = levels_[i].deviation;
    for (const Take& take : levels_[i].takes) {
      const Placement piece = placement(i, take);
      figures.pieces.push_back({piece.file, piece.from, piece.at});
    }
  }
  return all;
}

std::optional<PassSettings> Measuring::next() const {
  if (is_omitted || step_ == steps_.size()) return std::nullopt;
  // The signal is the same in each pass.
  const bool measures_activity = is_first() && noise_.reference == SnrReference::kActive && noise_.measures_signal();
  return PassSettings{Pass::kMeasure, steps_[step_].layer, steps_[step_].take, measures_activity, levels_, 1};
}

void Measuring::end(const FileTally& tally) {
  const uint64_t finite = layout_.frames * layout_.channels - tally.non_finite;
  if (is_first() && noise_.measures_signal()) end_signal(tally, finite);
  const Step step = steps_[step_];
  if (step.layer >= 0 && !end_noise(step, tally, finite)) return;
  step_++;
  redraws_ = 0;
}

bool Measuring::end_noise(const Step& step, const FileTally& tally, uint64_t finite) {
  const auto layer = static_cast<size_t>(step.layer);
  std::vector<Take>& takes = levels_[layer].takes;
  const bool is_take = step.take >= 0 || takes.size() == 1;
  const auto take = static_cast<size_t>(std::max(0, step.take));
  double power = finite == 0 ? 0 : tally.noise / static_cast<double>(finite);
  // The power of a take is that of the frames in which it is heard.
  if (is_take && finite > 0) {
    power *= static_cast<double>(layout_.frames) / static_cast<double>(placement(layer, takes[take]).frames);
  }
  if (is_take && power < kSilentPower && finite > 0) {
    redraw(layer, take);
    return false;
  }
  if (step.take < 0) set_level(layer, power);
  else takes[take].gain = power == 0 ? 0 : 1 / std::sqrt(power);
  return true;
}

void Measuring::redraw(size_t layer, size_t take) {
  if (redraws_++ == kRedraws) throw silent_noise();
  std::vector<Take>& takes = levels_[layer].takes;
  std::vector<Take> others = takes;
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(take));
  takes[take] = {next_draw(noise_.layers[layer], banks_[layer], takes[take].draw + 1, others), 1};
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
  const Layer& of = noise_.layers[layer];
  const double rms = of.level_kind == LevelKind::kSnr ? std::sqrt(power_) * of.level : of.level;
  const double sigma = rms == 0 || noise_power == 0 ? 0 : rms / std::sqrt(noise_power);
  // The sum of several layers is in float32 for all formats.
  const bool is_sum = noise_.layers.size() > 1;
  const double used = layout_.format->wide && !is_sum ? sigma : static_cast<double>(static_cast<float>(sigma));
  if (!std::isfinite(used) || (is_sum && used == 0 && sigma > 0)) {
    throw Failure{"E_SIGNAL_POWER", "the noise would be beyond what the format can hold"};
  }
  levels_[layer].sigma = sigma;
  levels_[layer].deviation = !of.is_recorded() ? sigma : is_heard(layer) ? rms : 0;
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
