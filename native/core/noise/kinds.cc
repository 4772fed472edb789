#include "kinds.h"

#include <cstring>

#include "gaussian.h"

namespace noisemill {

namespace {
const NoiseKind* const kKinds[] = {&kGaussian};
}  // namespace

const NoiseKind* find_noise_kind(const char* name) {
  for (const NoiseKind* kind : kKinds) {
    if (std::strcmp(name, kind->name) == 0) return kind;
  }
  return nullptr;
}

}  // namespace noisemill
