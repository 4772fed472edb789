// Adds noise to the frames of a signal, piece by piece, and keeps track of blocks and channels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "arena.h"
#include "mix.h"
#include "noise/noise.h"
#include "wav/samples.h"

namespace noisemill {

// Returns the number of frames in a piece, which is processed at once. It is a power of two, so
// that blocks end where pieces end. It is also a multiple of the frames that noise is generated in.
size_t piece_frames(uint32_t channels);

// Sums and counts of one part of the frames: the sum of each block, in order.
struct PartTally {
  std::vector<double> signal;
  std::vector<double> noise;
  uint64_t clipped = 0;
  uint64_t non_finite = 0;
};

// Sums of squares and counts of all frames. Parts are added in their order.
struct FileTally {
  double signal = 0;
  double noise = 0;
  uint64_t clipped = 0;
  uint64_t non_finite = 0;

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
  PartTally take_tally();

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

// Measures the mean power that an SNR refers to, and changes nothing.
class PowerMeter final : public FrameWalk {
 public:
  using FrameWalk::FrameWalk;

 protected:
  void piece(uint8_t* bytes, size_t frames) override;
};

// Adds noise to the frames.
class NoiseTransform final : public FrameWalk {
 public:
  // `sigma` is the standard deviation of the noise in full-scale units, also if its level is an
  // SNR. The noise must outlive this object.
  NoiseTransform(const FrameLayout& layout, uint64_t first_frame, const Noise& noise, double sigma, Arena& arena);

 protected:
  void piece(uint8_t* bytes, size_t frames) override;

 private:
  // Generates noise for the next frames of every channel, interleaved like the samples.
  void fill_noise(size_t frames);

  const std::unique_ptr<NoiseSource> source_;
  const double sigma_;
  const bool clip_;
  float* noise_;
  float* channel_noise_;
};

}  // namespace noisemill
