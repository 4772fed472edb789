#include "kinds.h"

#include <cstring>
#include <string>

#include "../failure.h"
#include "gaussian.h"

namespace noisemill {

namespace {
const NoiseKind* const kKinds[] = {&kGaussian};
}  // namespace

const NoiseKind& find_kind(const char* name) {
  for (const NoiseKind* kind : kKinds) {
    if (std::strcmp(name, kind->name) == 0) return *kind;
  }
  throw Failure{"E_OPTION_INVALID", std::string("noise kind ") + name};
}

}  // namespace noisemill
