#include "kinds.h"

#include <cstring>
#include <iterator>
#include <string>

#include "../failure.h"
#include "color.h"

namespace noisemill {

namespace {

enum Place : size_t {
#define NOISEMILL_PLACE(Kind) k##Kind,
  NOISEMILL_GENERATED(NOISEMILL_PLACE)
#undef NOISEMILL_PLACE
};

// In the order of Kernels::fill.
constexpr GeneratedKind kGenerated[kGeneratedCount] = {
#define NOISEMILL_KIND(Kind) {Kind::kBlockFrames, Kind::kStateWords, Kind::seed, k##Kind},
    NOISEMILL_GENERATED(NOISEMILL_KIND)
#undef NOISEMILL_KIND
};

// A colour of a fixed slope has one parameter, `low`. Otherwise the slope comes first.
constexpr NoiseKind color(const char* name, double slope) { return {name, 1, nullptr, slope}; }
constexpr NoiseKind color(const char* name) { return {name, 2, nullptr, 0}; }

}  // namespace

const NoiseKind kKinds[] = {
#define NOISEMILL_KIND(Kind) {Kind::kName, Kind::kParameters, &kGenerated[k##Kind], 0},
    NOISEMILL_GENERATED(NOISEMILL_KIND)
#undef NOISEMILL_KIND
    color("pink", -kOctave),
    color("brown", -2 * kOctave),
    color("blue", kOctave),
    color("violet", 2 * kOctave),
    color("color"),
};

const size_t kKindCount = std::size(kKinds);

const NoiseKind& find_kind(const char* name) {
  for (const NoiseKind& kind : kKinds) {
    if (std::strcmp(name, kind.name) == 0) return kind;
  }
  throw Failure{"E_OPTION_INVALID", std::string("noise kind ") + name};
}

}  // namespace noisemill
