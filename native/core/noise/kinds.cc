#include "kinds.h"

#include <cstring>
#include <string>

#include "../failure.h"

namespace noisemill {

namespace {

enum Place : size_t {
#define NOISEMILL_PLACE(Kind) k##Kind,
  NOISEMILL_KINDS(NOISEMILL_PLACE)
#undef NOISEMILL_PLACE
};

}  // namespace

const NoiseKind kKinds[kKindCount] = {
#define NOISEMILL_KIND(Kind) {Kind::kName, Kind::kParameters, Kind::kBlockFrames, Kind::kStateWords, Kind::seed, k##Kind},
    NOISEMILL_KINDS(NOISEMILL_KIND)
#undef NOISEMILL_KIND
};

const NoiseKind& find_kind(const char* name) {
  for (const NoiseKind& kind : kKinds) {
    if (std::strcmp(name, kind.name) == 0) return kind;
  }
  throw Failure{"E_OPTION_INVALID", std::string("noise kind ") + name};
}

}  // namespace noisemill
