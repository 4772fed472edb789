#include "noise.h"

#include "generated.h"
#include "kinds.h"

namespace noisemill {

std::unique_ptr<NoiseSource> open_dither(const Noise& noise, const SignalShape& signal, Arena& arena) {
  return std::make_unique<GeneratedSource>(find_kind(Dither::kName), NoiseContext(signal, noise.key, nullptr), arena);
}

std::unique_ptr<NoiseSource> open_source(const Noise& noise, const SignalShape& signal, Arena& arena) {
  const NoiseContext context = {signal, noise.key, noise.parameters.data()};
  return std::make_unique<GeneratedSource>(find_kind(noise.kind.c_str()), context, arena);
}

}  // namespace noisemill
