// The transform: noise onto frames, run after run, with blocks and channels kept straight.
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

// Frames that are worked on at once: a power of two, so that pieces end where blocks end, and a multiple of what noise is made
// in.
size_t piece_frames(uint32_t channels);

// What a part of the frames adds: the sum of each of its blocks, in order, and counts.
struct PartTally {
  std::vector<double> signal;
  std::vector<double> noise;
  uint64_t clipped = 0;
  uint64_t non_finite = 0;
};

// Sums of squares and counts over all frames: parts are added in their order.
struct FileTally {
  double signal = 0;
  double noise = 0;
  uint64_t clipped = 0;
  uint64_t non_finite = 0;

  void add(const PartTally& part);
};

// Walks frames in pieces from the first of a block on, and adds up what it sees.
class FrameWalk {
 public:
  FrameWalk(const FrameLayout& layout, uint64_t first_frame, Arena& arena);
  virtual ~FrameWalk() = default;

  // Works on the next frames, in place. `bytes` are whole frames, aligned to the sample size (PCM 24: any); all calls but the
  // last bring whole multiples of a piece.
  void run(uint8_t* bytes, size_t length);

  // The walk ends with whole blocks, or with the last frame.
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

// Only measures: the mean power that an SNR refers to.
class PowerMeter final : public FrameWalk {
 public:
  using FrameWalk::FrameWalk;

 protected:
  void piece(uint8_t* bytes, size_t frames) override;
};

// Adds noise.
class NoiseTransform final : public FrameWalk {
 public:
  // `sigma` is what the level of the noise comes to: its standard deviation in full-scale units. The noise must outlive it.
  NoiseTransform(const FrameLayout& layout, uint64_t first_frame, const Noise& noise, double sigma, Arena& arena);

 protected:
  void piece(uint8_t* bytes, size_t frames) override;

 private:
  // Noise for the next frames of every channel, interleaved like the samples.
  void fill_noise(size_t frames);

  const std::unique_ptr<NoiseSource> source_;
  const double sigma_;
  const bool clip_;
  float* noise_;
  float* channel_noise_;
};

}  // namespace noisemill
