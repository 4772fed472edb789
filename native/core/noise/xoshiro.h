// xoshiro128++ 1.0 of Blackman and Vigna, "Scrambled linear pseudorandom number generators" (ACM TOMS 47, 2021), as
// kLanes independent generators side by side.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace noisemill {

// Number of independent generators in a block: as many as 32-bit words in an AVX-512 register.
constexpr size_t kLanes = 16;
// Number of words of state. Word w of lane l is at `w * kLanes + l`.
constexpr size_t kLaneStateWords = 4 * kLanes;

// Seeds all lanes for one block of one channel. Lane l gets Philox of the counter (block low, block
// high, channel, l) under the file's key.
void seed_lanes(uint32_t* state, uint32_t key_low, uint32_t key_high, uint32_t channel, uint64_t block);

// Internal linkage, because kernels include this: the linker could otherwise choose a shared copy
// that was compiled for AVX-512.
static inline uint32_t rotate_left(uint32_t x, int bits) { return (x << bits) | (x >> (32 - bits)); }

// Advances one generator by one step and returns its output.
static inline uint32_t next_word(uint32_t& s0, uint32_t& s1, uint32_t& s2, uint32_t& s3) {
  const uint32_t word = rotate_left(s0 + s3, 7) + s0;
  const uint32_t shifted = s1 << 9;
  s2 ^= s0;
  s3 ^= s1;
  s1 ^= s2;
  s0 ^= s3;
  s2 ^= shifted;
  s3 = rotate_left(s3, 11);
  return word;
}

namespace {

// The generators of a block in arrays of their own, which compilers keep in registers.
struct Lanes {
  uint32_t s0[kLanes], s1[kLanes], s2[kLanes], s3[kLanes];

  explicit Lanes(const uint32_t* state) {
    __builtin_memcpy(s0, state, sizeof s0);
    __builtin_memcpy(s1, state + kLanes, sizeof s1);
    __builtin_memcpy(s2, state + 2 * kLanes, sizeof s2);
    __builtin_memcpy(s3, state + 3 * kLanes, sizeof s3);
  }

  uint32_t next(size_t lane) { return next_word(s0[lane], s1[lane], s2[lane], s3[lane]); }

  void store(uint32_t* state) const {
    __builtin_memcpy(state, s0, sizeof s0);
    __builtin_memcpy(state + kLanes, s1, sizeof s1);
    __builtin_memcpy(state + 2 * kLanes, s2, sizeof s2);
    __builtin_memcpy(state + 3 * kLanes, s3, sizeof s3);
  }
};

}  // namespace

}  // namespace noisemill
