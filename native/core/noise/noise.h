// The noise that a job adds, as one value in jobs on files and on slices, and the source that it
// describes.
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
  // `level` is the standard deviation divided by the RMS of the signal.
  kSnr,
};

// The noise of a job, as plain data that crosses threads. Options are already checked and the level
// is drawn. The twin is lib/core/noise/noise.ts.
struct Noise {
  // Name of the kind; see kinds.h.
  std::string kind;
  // Values of the kind's parameters, in the order of its declaration.
  std::vector<double> parameters;
  NoiseKey key;
  LevelKind level_kind = LevelKind::kSigma;
  double level = 0;
  // Whether float formats are clamped to [-1, 1]. PCM is always clamped to its range.
  bool clip = true;
};

// Opens the source of this noise for a signal. The noise must outlive the source. Throws Failure
// E_OPTION_INVALID if the kind does not exist.
std::unique_ptr<NoiseSource> open_source(const Noise& noise, const SignalShape& signal, Arena& arena);

}  // namespace noisemill
