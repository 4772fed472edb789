#include "noise.h"

#include <utility>

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
  for (const Layer& layer : noise.layers) check_layer_rate(layer, sample_rate);
}

std::unique_ptr<NoiseSource> open_dither(const Noise& noise, const SignalShape& signal, Arena& arena) {
  return std::make_unique<GeneratedSource>(*find_kind(Dither::kName).generated, NoiseContext(signal, noise.key, nullptr), arena);
}

std::unique_ptr<NoiseSource> open_layer(const Layer& layer, const SignalShape& signal, Arena& arena) {
  check_layer_rate(layer, signal.sample_rate);
  const NoiseKind& kind = find_kind(layer.kind.c_str());
  const NoiseContext context = {signal, layer.key, layer.parameters.data()};
  if (kind.generated != nullptr) return std::make_unique<GeneratedSource>(*kind.generated, context, arena);
  const double slope = kind.parameters == 2 ? layer.parameters[0] : kind.slope;
  return std::make_unique<ColoredSource>(color_filter(slope, low_of(layer), signal.sample_rate), context, arena);
}

OpenNoise open_noise(const Noise& noise, const std::vector<LayerLevel>& levels, const SignalShape& signal, Arena& arena) {
  std::vector<OpenNoise> opened;
  for (size_t i = 0; i < noise.layers.size(); i++) {
    opened.push_back({open_layer(noise.layers[i], signal, arena), levels[i].sigma});
  }
  if (opened.size() == 1) return std::move(opened[0]);
  return {std::make_unique<SumSource>(std::move(opened), arena), 1};
}

}  // namespace noisemill
