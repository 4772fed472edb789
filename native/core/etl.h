// The whole job for one file. It extracts (opens the file, reads its header), transforms (adds
// noise block by block) and loads (writes the output, gives it its final name). The twin is
// lib/core/etl.ts.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "arena.h"
#include "cancel.h"
#include "failure.h"
#include "files.h"
#include "measuring.h"
#include "noise/noise.h"
#include "outputs.h"
#include "transform.h"
#include "wav/decoded.h"
#include "wav/header.h"
#include "wav/repair.h"

namespace noisemill {

// Figures that an earlier run recorded for an output; NaN if they are not known.
struct ExpectedFigures {
  double bytes_in = std::numeric_limits<double>::quiet_NaN();
  double frames = std::numeric_limits<double>::quiet_NaN();
  double sigma = std::numeric_limits<double>::quiet_NaN();
  // Root mean square of the noise, in full-scale units.
  double noise_rms = std::numeric_limits<double>::quiet_NaN();
};

// The work on one file, as plain data that crosses threads. All options are checked and all random
// values are drawn.
struct EtlJob {
  std::string input;
  std::string output;
  // Path of the output while it is incomplete. It is in the output's folder.
  std::string temporary;
  // The stems to write as well.
  StemFiles clean;
  StemFiles noise_stem;
  bool overwrite = false;
  // Whether the names of all outputs are known to be free, so that the job need not look them up
  // before its work. They are protected in any case: the job fails if one is taken in the end.
  bool free = false;
  // Whether the input may be a symbolic link, and with `verify` the output. If not, the job fails
  // with ELOOP for one.
  bool follow = true;
  // Whether the output and its name must be on the disk before the job ends.
  bool fsync = false;
  // Whether to do only the checks that need no writing.
  bool dry_run = false;
  // Whether to compare the output with the file that has its name, instead of writing it.
  bool verify = false;
  // What an earlier run recorded. The job fails if its own figures differ.
  ExpectedFigures expected;
  // Whether to refuse a file whose header causes a warning.
  bool strict = false;
  Noise noise;
};

// Figures of a file whose job succeeded.
struct EtlFigures {
  const SampleFormat* format = nullptr;
  // Codec of the input's samples; nullptr if they are not coded.
  const Codec* codec = nullptr;
  uint32_t channels = 0;
  uint32_t sample_rate = 0;
  uint64_t frames = 0;
  // Nominal standard deviation of the requested noise before the gain, in full-scale units.
  double sigma = 0;
  // Figures of the layers; empty if the only one is generated.
  std::vector<LayerFigures> layers;
  // Factor of the mixture; 1 if it was not changed.
  double gain = 1;
  // Largest magnitude of the mixture before the gain, in full-scale units; NaN if it was not
  // measured.
  double peak = std::numeric_limits<double>::quiet_NaN();
  // Active level of the signal: its mean power while active, in full-scale units; NaN if it was not
  // measured.
  double active_power = std::numeric_limits<double>::quiet_NaN();
  // Share of the time in which the signal is active, 0 to 1; NaN if it was not measured or is not
  // known.
  double activity = std::numeric_limits<double>::quiet_NaN();
  // Sum of the squares of the samples that were read.
  double signal_energy = 0;
  // Sum of the squares of the differences between written samples and those read, times the gain.
  double noise_energy = 0;
  uint64_t clipped = 0;
  uint64_t non_finite = 0;
  uint64_t bytes_in = 0;
  // Time of the input's last modification, in microseconds since 1970.
  double modified = 0;
  // Size of the output; in a dry run, the size that it would have.
  uint64_t bytes_out = 0;
  // Time from opening the input to publishing the output.
  double seconds = 0;
  std::vector<const char*> warnings;
};

struct EtlOutcome {
  EtlFigures figures;
  std::optional<Failure> failure;
};

// One job, as steps that any thread may take. Call `begin`, then `run_part` for every part of the
// pass, then `end_pass`. Repeat the last two while `end_pass` announces parts. Parts may run in any
// order and at the same time. No step throws. A step that fails ends the job, and the remaining
// steps do nothing. Most files are one part; a long one is cut, so that all threads can work on it.
//
// The caller orders the steps. A part starts after the step that announced its pass, and `end_pass`
// starts after all parts of the pass have returned. Each thread must see what earlier steps
// changed. Crew ensures both, because it hands out parts and takes them back under its lock. So
// nothing needs a lock between passes. The parts of a pass run at the same time and only read,
// except what `mutex_` guards.
class Etl {
 public:
  // The job and `cancel` must outlive this object. `cancel` is checked before every read, and
  // before the outputs get their names.
  Etl(const EtlJob& job, const Cancel& cancel);
  ~Etl();

  // Opens the input and does all checks that need no writing. Returns the number of parts of the
  // first pass.
  size_t begin();
  void run_part(size_t part, Arena& arena);
  // Ends a pass. Returns the number of parts of the next pass; 0 if the job has ended or failed.
  size_t end_pass();
  // Returns the outcome, once the job has ended.
  EtlOutcome take_outcome();

 private:
  // Runs a step and keeps its failure, if it fails.
  template <typename Step>
  void guard(const Step& step);
  bool has_failed() const;
  // The file, or its decoded form if it is coded.
  const Input& input() const { return decoded_ ? *decoded_ : *file_; }
  // Returns the number of parts. A pass in which samples must come in order has one.
  size_t start_pass(PassSettings settings);
  // Starts the next pass that measures, or surveys the mixture if its gain depends on it.
  size_t start_measuring();
  size_t start_writing();
  // Returns the end of the read that starts at `position`.
  uint64_t read_end(uint64_t position, uint64_t end) const;
  PartTally walk_part(size_t part, Arena& arena);
  void finish();

  const EtlJob& job_;
  const Cancel& cancel_;
  std::chrono::steady_clock::time_point started_;
  std::optional<InputFile> file_;
  // Null if the samples of the file are not coded.
  std::unique_ptr<const Input> decoded_;
  Outputs outputs_;
  WavHeader header_;
  const Codec* codec_ = nullptr;
  OutputSize output_size_;
  std::vector<Repair> repairs_;
  // Bytes of data in one read (whole pieces), and in one part (whole noise blocks).
  size_t read_bytes_ = 0;
  uint64_t part_bytes_ = 0;
  PassSettings settings_;
  std::optional<Measuring> measuring_;
  std::vector<const char*> warnings_;
  // During a pass it guards everything that parts change: the members from here to `failure_`.
  mutable std::mutex mutex_;
  FileTally tally_;
  // Tallies of parts that ended before an earlier part did.
  std::map<size_t, PartTally> early_;
  size_t next_tally_ = 0;
  std::optional<Failure> failure_;
  EtlFigures figures_;
};

// Runs a job to its end on this thread. It never throws: a failure is part of the outcome.
EtlOutcome run_etl(const EtlJob& job, const Cancel& cancel, Arena& arena);

}  // namespace noisemill
