// Adds noise to a slice of samples in memory. A slice is whole noise blocks of a longer signal, or
// its end. The twin is lib/core/slice.ts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "arena.h"
#include "cancel.h"
#include "failure.h"
#include "noise/noise.h"
#include "transform.h"
#include "wav/samples.h"

namespace noisemill {

struct SliceJob {
  // Whole frames, aligned to the sample size (no alignment for PCM 24). Noise is added in place.
  uint8_t* bytes = nullptr;
  size_t length = 0;
  // Layout of the whole signal.
  FrameLayout layout;
  // Number of the slice's first frame in the signal; it starts a noise block.
  uint64_t first_frame = 0;
  // Its level has no effect.
  Noise noise;
  PassSettings settings;
};

struct SliceOutcome {
  PartTally tally;
  std::optional<Failure> failure;
};

// Runs a job to its end. It never throws: a failure is part of the outcome. It checks `cancel`
// every few blocks.
SliceOutcome run_slice(const SliceJob& job, const Cancel& cancel, Arena& arena);

}  // namespace noisemill
