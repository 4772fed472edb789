// The registry of noise kinds. A new kind is a file beside this one and a line in kinds.cc.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace noisemill {

// Frames after which generator states are seeded afresh, so that noise has random access by block.
constexpr size_t kBlockFrames = 4096;
// `fill` works in whole multiples of this many frames: lanes times two.
constexpr size_t kFillFrames = 32;

// 64 bits that stand for (stream version, seed, path, copy): see lib/plan/keys.ts.
struct FileKey {
  uint32_t low = 0;
  uint32_t high = 0;
};

// A kind of noise: a pure function from (key, channel, frame) to samples of mean power 1, produced block by block.
// What a kind's parameters mean, and their ranges, is declared and checked in TypeScript only.
struct NoiseKind {
  const char* name;
  // 32-bit words of generator state for one channel.
  size_t state_words;
  // Puts `state` at the first frame of a block.
  void (*seed)(uint32_t* state, FileKey key, uint32_t channel, uint64_t block, const double* parameters);
  // Writes the next `frames` values and moves `state` past them. All calls within a block but the last ask for multiples
  // of kFillFrames; `out` has room for `frames` rounded up to one.
  void (*fill)(uint32_t* state, float* out, size_t frames);
};

// The kind of this name. Throws Failure E_OPTION_INVALID where there is none.
const NoiseKind& find_kind(const char* name);

}  // namespace noisemill
