// Registry of the generated kinds of noise. To add a kind, add a file beside this one, its include
// and its name here. A kind is a struct with the members of NoiseKind, named as in Gaussian. Its
// `fill` is compiled once for each instruction set.
#pragma once

#include "dither.h"
#include "gaussian.h"
#include "kind.h"
#include "sway.h"

// Calls the macro EACH with the struct of every kind.
#define NOISEMILL_KINDS(EACH) EACH(Gaussian) EACH(Dither) EACH(Sway)

namespace noisemill {

#define NOISEMILL_COUNT(Kind) +1
constexpr size_t kKindCount = NOISEMILL_KINDS(NOISEMILL_COUNT);
#undef NOISEMILL_COUNT

// All kinds, in the order of Kernels::fill.
extern const NoiseKind kKinds[kKindCount];

// Returns the kind with this name. Throws Failure E_OPTION_INVALID if there is none.
const NoiseKind& find_kind(const char* name);

}  // namespace noisemill
