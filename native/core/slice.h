// Noise onto a slice of samples that lie in memory: whole noise blocks of a longer run of frames, or its end. lib/core/slice.ts is
// its twin.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "arena.h"
#include "failure.h"
#include "noise/noise.h"
#include "transform.h"
#include "wav/samples.h"

namespace noisemill {

struct SliceJob {
  // Whole frames, aligned to the sample size (PCM 24: any), worked on in place.
  uint8_t* bytes = nullptr;
  size_t length = 0;
  // Of all frames.
  FrameLayout layout;
  // The first of the slice: the first of a noise block.
  uint64_t first_frame = 0;
  // With a level of the kind kSigma; 0 only measures.
  Noise noise;
};

struct SliceOutcome {
  PartTally tally;
  std::optional<Failure> failure;
};

// Never throws: the outcome says what went wrong. `cancelled` is looked at before every run of some blocks.
SliceOutcome run_slice(const SliceJob& job, const std::atomic<bool>& cancelled, Arena& arena);

}  // namespace noisemill
