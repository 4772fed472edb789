#include "noise.h"

#include <utility>

#include "bursts.h"
#include "colored.h"
#include "generated.h"
#include "kinds.h"
#include "sum.h"

namespace noisemill {

namespace {

double low_of(const Layer& layer) { return layer.parameters.back(); }

void check_layer_rate(const Layer& layer, uint32_t sample_rate) {
  if (find_kind(layer.kind.c_str()).generated == nullptr) check_low(low_of(layer), sample_rate);
}

}  // namespace

void check_sample_rate(const Noise& noise, uint32_t sample_rate) {
  for (const Layer& layer : noise.layers) {
    if (!layer.is_recorded()) check_layer_rate(layer, sample_rate);
  }
}

std::unique_ptr<NoiseSource> open_dither(const Noise& noise, const SignalShape& signal, Arena& arena) {
  return std::make_unique<GeneratedSource>(*find_kind(Dither::kName).generated, NoiseContext(signal, noise.key, nullptr), arena);
}

std::unique_ptr<NoiseSource> open_generated(const Layer& layer, const SignalShape& signal, Arena& arena) {
  check_layer_rate(layer, signal.sample_rate);
  const NoiseKind& kind = find_kind(layer.kind.c_str());
  const NoiseContext context = {signal, layer.key, layer.parameters.data()};
  if (kind.generated != nullptr) return std::make_unique<GeneratedSource>(*kind.generated, context, arena);
  const double slope = kind.parameters == 2 ? layer.parameters[0] : kind.slope;
  return std::make_unique<ColoredSource>(color_filter(slope, low_of(layer), signal.sample_rate), context, arena);
}

std::unique_ptr<NoiseSource> open_layer(const Layer& layer, const LayerLevel& level, int take, const SignalShape& signal, Arena& arena) {
  if (!layer.is_recorded()) return open_generated(layer, signal, arena);
  const Recorded& recorded = layer.recorded;
  const OpenBank open = open_bank_for(recorded, signal.sample_rate, signal.channels);
  if (!layer.has_takes()) return std::make_unique<BurstSource>(recorded, open, layer.key, signal);
  const auto open_take = [&](const Take& one) {
    return std::make_unique<RecordedSource>(placement_of(recorded, open, layer.key, one.draw, signal), open, recorded, signal.channels);
  };
  const std::vector<Take>& takes = level.takes;
  if (take >= 0) return open_take(takes[static_cast<size_t>(take)]);
  if (takes.size() == 1) return open_take(takes[0]);
  std::vector<OpenNoise> opened;
  for (const Take& one : takes) opened.push_back({open_take(one), one.gain});
  return std::make_unique<SumSource>(std::move(opened), arena);
}

OpenNoise open_noise(const Noise& noise, const std::vector<LayerLevel>& levels, const SignalShape& signal, Arena& arena) {
  std::vector<OpenNoise> opened;
  for (size_t i = 0; i < noise.layers.size(); i++) {
    opened.push_back({open_layer(noise.layers[i], levels[i], -1, signal, arena), levels[i].sigma});
  }
  if (opened.size() == 1) return std::move(opened[0]);
  return {std::make_unique<SumSource>(std::move(opened), arena), 1};
}

}  // namespace noisemill
