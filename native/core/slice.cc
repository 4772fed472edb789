#include "slice.h"

#include <algorithm>
#include <memory>

namespace noisemill {

namespace {

// Bytes between two checks of `cancel`. They stay in a level-2 cache.
constexpr size_t kStepBytes = 256 * 1024;

PartTally walk(const SliceJob& job, const Cancel& cancel, Arena& arena) {
  arena.reset();
  const std::unique_ptr<FrameWalk> walk = open_walk(job.layout, job.first_frame, job.noise, job.settings, arena);
  const size_t piece = piece_frames(job.layout.channels) * job.layout.block_align;
  const size_t step_bytes = piece * std::max<size_t>(1, kStepBytes / piece);
  for (size_t done = 0; done < job.length; done += step_bytes) {
    if (cancel.is_cancelled()) throw Failure{"E_CANCELLED", ""};
    walk->run(job.bytes + done, std::min(step_bytes, job.length - done));
  }
  return walk->take_tally();
}

}  // namespace

SliceOutcome run_slice(const SliceJob& job, const Cancel& cancel, Arena& arena) {
  SliceOutcome outcome;
  try {
    outcome.tally = walk(job, cancel, arena);
  } catch (...) {
    outcome.failure = caught_failure();
  }
  return outcome;
}

}  // namespace noisemill
