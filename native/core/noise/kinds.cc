#include "kinds.h"

#include "gaussian.h"

namespace noisemill {

namespace {
const NoiseKind* const kKinds[] = {&kGaussian};
}  // namespace

const NoiseKind* find_noise_kind(std::string_view name) {
  for (const NoiseKind* kind : kKinds) {
    if (name == kind->name) return kind;
  }
  return nullptr;
}

}  // namespace noisemill
