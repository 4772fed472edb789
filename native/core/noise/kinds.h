// The registry of generated kinds of noise. A new kind is a file beside this one, its include and its name here. A kind is a struct of
// what NoiseKind has, under the names that Gaussian uses; its `fill` is compiled once for each instruction set.
#pragma once

#include "gaussian.h"
#include "kind.h"
#include "sway.h"

// Calls EACH with the struct of every kind.
#define NOISEMILL_KINDS(EACH) EACH(Gaussian) EACH(Sway)

namespace noisemill {

#define NOISEMILL_COUNT(Kind) +1
constexpr size_t kKindCount = NOISEMILL_KINDS(NOISEMILL_COUNT);
#undef NOISEMILL_COUNT

// All kinds, in the order of Kernels::fill.
extern const NoiseKind kKinds[kKindCount];

// The kind of this name. Throws Failure E_OPTION_INVALID where there is none.
const NoiseKind& find_kind(const char* name);

}  // namespace noisemill
