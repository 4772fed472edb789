// Noise of single events: pieces of the files of a bank with gaps between them. docs/numerics.md
// specifies the draws and every operation. The twin is lib/core/noise/bursts.ts.
#pragma once

#include <cstdint>
#include <optional>

#include "recorded.h"
#include "window.h"

namespace noisemill {

// An event: when it is heard.
struct BurstEvent {
  uint64_t number = 0;
  uint64_t at = 0;
  uint64_t frames = 0;
};

// Returns the frame of the signal at which the first event begins. It may be beyond the end.
uint64_t first_event_at(const Recorded& recorded, const OpenBank& open, NoiseKey key, const SignalShape& signal);

// Events with drawn gaps between them. Each has the RMS 1.
class BurstSource final : public WindowSource {
 public:
  // `recorded` must outlive the source.
  BurstSource(const Recorded& recorded, OpenBank open, NoiseKey key, const SignalShape& signal);

 private:
  void load(uint64_t frame, size_t frames) override;
  BurstEvent after(const BurstEvent* event) const;
  // Reads an event. A silent one is drawn again, and the next one is not longer than it.
  void read_event(const BurstEvent& event);
  // Reads a piece of the file of draw `n`, with fades and the RMS 1. Returns false if it is silent.
  bool read_piece(uint64_t n, uint64_t most);

  const Recorded& recorded_;
  const OpenBank open_;
  const NoiseKey key_;
  const SignalShape signal_;
  std::optional<BurstEvent> event_;
  // The channels of the event that was read last, and its number.
  Channels values_;
  std::optional<uint64_t> read_;
};

}  // namespace noisemill
