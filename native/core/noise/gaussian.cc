#include "gaussian.h"

#include "simd/kernels.h"
#include "xoshiro.h"

namespace noisemill {

namespace {

void seed(uint32_t* state, FileKey key, uint32_t channel, uint64_t block, const double*) {
  seed_lanes(state, key.low, key.high, channel, block);
}

void fill(uint32_t* state, float* out, size_t frames) { kernels().fill_gaussian(state, out, frames); }

}  // namespace

const NoiseKind kGaussian = {"gaussian", kLaneStateWords, seed, fill};

}  // namespace noisemill
