// What noise a job adds, as one value that jobs on files and on slices contain, and the source that it stands for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../arena.h"
#include "keys.h"
#include "source.h"

namespace noisemill {

enum class LevelKind : uint8_t {
  // `level` is the standard deviation in full-scale units.
  kSigma,
  // `level` is the standard deviation over the RMS of the signal.
  kSnr,
};

// Plain data that crosses threads. All options are checked and the level is drawn by then. lib/core/noise/noise.ts is its twin.
struct Noise {
  // Name of the kind, see kinds.h.
  std::string kind;
  // Values of the kind's parameters, in the order in which it declares them.
  std::vector<double> parameters;
  NoiseKey key;
  LevelKind level_kind = LevelKind::kSigma;
  double level = 0;
  // Whether float formats are clamped to [-1, 1]; PCM always is clamped to its range.
  bool clip = true;
};

// The source of this noise for a signal. The noise must outlive it. Throws Failure E_OPTION_INVALID for a kind that does not exist.
std::unique_ptr<NoiseSource> open_source(const Noise& noise, const SignalShape& signal, Arena& arena);

}  // namespace noisemill
