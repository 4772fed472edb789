// The transform: noise onto the frames of one file, run after run, with blocks and channels kept straight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mix.h"
#include "noise/kinds.h"
#include "wav/header.h"

namespace noisemill {

// Frames that are worked on at once: a power of two, so that slices end where blocks end, and a multiple of what noise is made
// in.
size_t slice_frames(uint32_t channels);

struct NoiseSettings {
  const NoiseKind* kind;
  const double* parameters;
  FileKey key;
  // Standard deviation in full-scale units.
  double sigma;
  bool clip;
};

// Walks the frames of a file in slices, and adds up what it sees.
class FrameWalk {
 public:
  explicit FrameWalk(const WavHeader& header);
  virtual ~FrameWalk() = default;

  // Works on the next frames of the file, in place. `bytes` are whole frames; all calls but the last bring whole multiples of
  // a slice.
  void run(uint8_t* bytes, size_t length);

  const MixTally& tally() const { return tally_; }

 protected:
  virtual void slice(uint8_t* bytes, size_t frames) = 0;

  const WavHeader& header_;
  MixTally tally_;
  std::vector<double> scratch_;
  uint64_t frame_ = 0;

 private:
  size_t slice_frames_;
};

// Only measures: the mean power that an SNR refers to.
class PowerMeter final : public FrameWalk {
 public:
  using FrameWalk::FrameWalk;

 protected:
  void slice(uint8_t* bytes, size_t frames) override;
};

// Adds noise.
class NoiseTransform final : public FrameWalk {
 public:
  NoiseTransform(const WavHeader& header, const NoiseSettings& settings);

 protected:
  void slice(uint8_t* bytes, size_t frames) override;

 private:
  // Noise for the next frames of every channel, interleaved like the samples.
  void fill_noise(size_t frames);

  NoiseSettings settings_;
  std::vector<uint32_t> states_;
  std::vector<float> noise_;
  std::vector<float> channel_noise_;
};

}  // namespace noisemill
