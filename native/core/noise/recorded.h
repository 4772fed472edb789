// Recorded noise: pieces of the files of a bank. Files and positions are drawn from the key of the
// layer. docs/numerics.md specifies the draws and every operation. The twin is
// lib/core/noise/recorded.ts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "../failure.h"
#include "bank.h"
#include "keys.h"
#include "recording.h"
#include "source.h"
#include "window.h"

namespace noisemill {

// What is done with a recording that is shorter than the signal: it is looped, or heard once.
enum class Fit : uint8_t { kLoop, kOnce };

// How noise is made of the files of a bank, as plain data that crosses threads.
struct Recorded {
  // Path of the index of the bank; empty if the noise is generated.
  std::string bank;
  Fit fit = Fit::kLoop;
  Balance balance = Balance::kFile;
  Downmix downmix = Downmix::kFirst;
  // Number of different files that are heard at the same time, with equal RMS.
  uint32_t voices = 1;
  // Range of the gaps between events, in seconds; NaN if the noise goes on without gaps.
  double gap_low = 0;
  double gap_high = 0;
};

// Where a recording is heard in a signal.
struct Placement {
  // Number of the file in its bank.
  uint32_t file = 0;
  // Frame of the recording that is heard first.
  uint64_t from = 0;
  // Frame of the signal at which it is heard first.
  uint64_t at = 0;
  // Number of frames of the signal in which it is heard.
  uint64_t frames = 0;
  // Frames of the crossfade, if the recording is looped; otherwise nullopt.
  std::optional<uint64_t> crossfade;
};

// The bank of a layer, and the files of it that can be drawn for a signal.
struct OpenBank {
  std::shared_ptr<const Bank> bank;
  const Selection* selection = nullptr;
};

// Opens the bank of a layer for a signal. Throws Failure E_NOISE_BANK, E_NOISE_RATE or
// E_NOISE_CHANNELS.
OpenBank open_bank_for(const Recorded& recorded, uint32_t sample_rate, uint32_t channels);

// Returns a whole number from 0 to `count` - 1, of draw `n` of positions.
uint64_t draw_below(uint64_t count, NoiseKey key, uint64_t n);

// Returns the file and the position of draw `n`. All positions are equally likely.
Placement placement_of(const Recorded& recorded, const OpenBank& open, NoiseKey key, uint64_t n, const SignalShape& signal);

// A recording at its place in the signal.
class RecordedSource final : public WindowSource {
 public:
  RecordedSource(const Placement& placement, OpenBank open, const Recorded& recorded, uint32_t channels);

 private:
  void load(uint64_t frame, size_t frames) override;
  // Plays the recording round and round. The beginning of each round is faded in over the end of the
  // one before.
  void loop(uint64_t frame, size_t frames, uint64_t crossfade);
  void fade(uint64_t within, size_t count, size_t done, uint64_t round, uint64_t crossfade);
  RecordedSource(const Placement& placement, OpenBank open, std::unique_ptr<Recording> recording);

  const Placement placement_;
  const OpenBank open_;
  const std::unique_ptr<Recording> recording_;
  // What a crossfade ends with.
  Channels ending_;
};

// Times that a silent piece is drawn again.
constexpr uint64_t kRedraws = 20;
// Noise of less power is silent: 90 dB below full scale.
constexpr double kSilentPower = 1e-9;

// The failure if all pieces that were drawn are silent.
Failure silent_noise();

}  // namespace noisemill
