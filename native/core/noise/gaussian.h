// Gaussian noise, mean 0 and variance 1, by the transform of Box and Muller (Ann. Math. Stat. 29, 1958) on pairs of
// 32-bit words. docs/numerics.md specifies every operation; the order of operations is part of it, so an "equivalent"
// rewrite is a change of the stream.
#pragma once

#include "kinds.h"

namespace noisemill {

extern const NoiseKind kGaussian;

}  // namespace noisemill
