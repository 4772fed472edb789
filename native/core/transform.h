// Adds noise to the frames of a signal, piece by piece, and keeps track of blocks and channels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "activity.h"
#include "arena.h"
#include "mix.h"
#include "noise/noise.h"
#include "wav/samples.h"

namespace noisemill {

// Returns the number of frames in a piece, which is processed at once. It is a power of two, so
// that blocks end where pieces end. It is also a multiple of the frames that noise is generated in.
size_t piece_frames(uint32_t channels);

// A walk over all samples of a signal:
//
// - kMeasure finds the power of the signal, and that of one layer of noise
// - kSurvey finds the power and the largest magnitude of the mixture
// - kWrite makes the output
enum class Pass : uint8_t { kMeasure, kSurvey, kWrite };

// What a pass needs to know of those before it.
struct PassSettings {
  Pass pass = Pass::kWrite;
  // The layer whose noise kMeasure measures; -1 if none.
  int measured = -1;
  // The take of that layer that is measured alone; -1 for the whole layer.
  int take = -1;
  // Whether the active level of the signal is measured too, for which its samples must come in
  // order.
  bool activity = false;
  // The levels of the layers, as far as they are known.
  std::vector<LayerLevel> levels;
  // Factor of the mixture.
  double gain = 1;
};

// Sums and counts of one part of the frames: the sum of each block, in order.
struct PartTally {
  std::vector<double> signal;
  std::vector<double> noise;
  std::vector<double> mixture;
  uint64_t clipped = 0;
  uint64_t non_finite = 0;
  double peak = 0;
  // Only if the whole signal was walked at once, to measure its active level.
  std::optional<ActivityTally> activity;
  // Number of values of stems that the format cannot hold.
  uint64_t unfit = 0;
};

// Sums of squares and counts of all frames. Parts are added in their order.
struct FileTally {
  double signal = 0;
  double noise = 0;
  double mixture = 0;
  uint64_t clipped = 0;
  uint64_t non_finite = 0;
  double peak = 0;
  uint64_t unfit = 0;
  std::optional<ActivityTally> activity;

  void add(const PartTally& part);
};

// Processes frames in pieces, from the first frame of a block on, and collects their sums.
class FrameWalk {
 public:
  FrameWalk(const FrameLayout& layout, uint64_t first_frame, Arena& arena);
  virtual ~FrameWalk() = default;

  // Processes the next frames, in place. `bytes` are whole frames, aligned to the sample size (no
  // alignment for PCM 24). All calls but the last bring whole pieces.
  void run(uint8_t* bytes, size_t length);

  // Returns the sums, once the walk has reached the end of a block or the last frame.
  virtual PartTally take_tally();

 protected:
  virtual void piece(uint8_t* bytes, size_t frames) = 0;

  const FrameLayout& layout_;
  MixTally tally_;
  void* scratch_;
  uint64_t frame_;

 private:
  size_t piece_frames_;
  PartTally part_;
};

// Opens the walk of a pass, from the first frame of a block on. The layout and the noise must outlive
// it.
std::unique_ptr<FrameWalk> open_walk(const FrameLayout& layout, uint64_t first_frame, const Noise& noise,
                                     const PassSettings& settings, Arena& arena);

}  // namespace noisemill
