// The whole job for one file: extract (open, read the header), transform (noise, block by block), load (write, publish).
// lib/core/etl.ts is its twin.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "failure.h"
#include "noise/kinds.h"

namespace noisemill {

enum class LevelKind : uint8_t {
  // `level` is the standard deviation in full-scale units.
  kSigma,
  // `level` is that over the signal's RMS.
  kSnr,
};

// One file's work, as plain data that crosses threads. All options are checked and all draws made by then.
struct EtlJob {
  std::string input;
  std::string output;
  // The name in the output's folder that the file has until it is whole.
  std::string temporary;
  bool overwrite = false;
  // Check everything that can be checked without writing, and stop there.
  bool dry_run = false;
  std::string kind;
  std::vector<double> parameters;
  FileKey key;
  LevelKind level_kind = LevelKind::kSigma;
  double level = 0;
  bool clip = true;
};

// What is known of a file once it is done.
struct EtlFigures {
  const char* format = "";
  uint32_t channels = 0;
  uint32_t sample_rate = 0;
  uint64_t frames = 0;
  // Standard deviation of the noise asked for, in full-scale units.
  double sigma = 0;
  // Sum of squares of the samples read.
  double signal_energy = 0;
  // Sum of squares of the differences between samples written and samples read.
  double noise_energy = 0;
  uint64_t clipped = 0;
  uint64_t non_finite = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  double seconds = 0;
  std::vector<const char*> warnings;
};

struct EtlOutcome {
  EtlFigures figures;
  std::optional<Failure> failure;
};

// Runs a job to its end. Never throws: the outcome says what went wrong. `cancelled` is looked at before every read.
EtlOutcome run_etl(const EtlJob& job, const std::atomic<bool>& cancelled);

}  // namespace noisemill
