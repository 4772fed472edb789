#include "noise.h"

#include "colored.h"
#include "generated.h"
#include "kinds.h"

namespace noisemill {

namespace {

double low_of(const Noise& noise) { return noise.parameters.back(); }

}  // namespace

void check_sample_rate(const Noise& noise, uint32_t sample_rate) {
  if (find_kind(noise.kind.c_str()).generated == nullptr) check_low(low_of(noise), sample_rate);
}

std::unique_ptr<NoiseSource> open_dither(const Noise& noise, const SignalShape& signal, Arena& arena) {
  return std::make_unique<GeneratedSource>(*find_kind(Dither::kName).generated, NoiseContext(signal, noise.key, nullptr), arena);
}

std::unique_ptr<NoiseSource> open_source(const Noise& noise, const SignalShape& signal, Arena& arena) {
  check_sample_rate(noise, signal.sample_rate);
  const NoiseKind& kind = find_kind(noise.kind.c_str());
  const NoiseContext context = {signal, noise.key, noise.parameters.data()};
  if (kind.generated != nullptr) return std::make_unique<GeneratedSource>(*kind.generated, context, arena);
  const double slope = kind.parameters == 2 ? noise.parameters[0] : kind.slope;
  return std::make_unique<ColoredSource>(color_filter(slope, low_of(noise), signal.sample_rate), context, arena);
}

}  // namespace noisemill
