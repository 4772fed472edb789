// Registry of the kinds of noise. To add a colour, add a line in kinds.cc. To add a generated kind,
// add a file beside this one, its include and its name here. It is a struct with the members of
// GeneratedKind, named as in Gaussian. Its `fill` is compiled once for each instruction set.
#pragma once

#include "dither.h"
#include "gaussian.h"
#include "kind.h"
#include "sway.h"
#include "uniform.h"

// Calls the macro EACH with the struct of every generated kind.
#define NOISEMILL_GENERATED(EACH) EACH(Gaussian) EACH(Uniform) EACH(Dither) EACH(Sway)

namespace noisemill {

#define NOISEMILL_COUNT(Kind) +1
constexpr size_t kGeneratedCount = NOISEMILL_GENERATED(NOISEMILL_COUNT);
#undef NOISEMILL_COUNT

// All kinds.
extern const NoiseKind kKinds[];
extern const size_t kKindCount;

// Returns the kind with this name. Throws Failure E_OPTION_INVALID if there is none.
const NoiseKind& find_kind(const char* name);

}  // namespace noisemill
