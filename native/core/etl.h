// The whole job for one file: extract (open, read the header), transform (noise, block by block), load (write, publish).
// lib/core/etl.ts is its twin.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "arena.h"
#include "failure.h"
#include "files.h"
#include "noise/noise.h"
#include "transform.h"
#include "wav/decoded.h"
#include "wav/header.h"
#include "wav/repair.h"

namespace noisemill {

// One file's work, as plain data that crosses threads. All options are checked and all draws made by then.
struct EtlJob {
  std::string input;
  std::string output;
  // The name in the output's folder that the file has until it is whole.
  std::string temporary;
  bool overwrite = false;
  // The output, and its name, are to be on the disk before the job is done.
  bool fsync = false;
  // Check everything that can be checked without writing, and stop there.
  bool dry_run = false;
  // Refuse a file whose header gives rise to any warning.
  bool strict = false;
  Noise noise;
};

// What is known of a file once it is done.
struct EtlFigures {
  const SampleFormat* format = nullptr;
  // What the samples of the input were coded with; nullptr where they were not.
  const Codec* codec = nullptr;
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
  // When the input was last modified: microseconds since 1970.
  double modified = 0;
  uint64_t bytes_out = 0;
  // From opening the input to publishing the output.
  double seconds = 0;
  std::vector<const char*> warnings;
};

struct EtlOutcome {
  EtlFigures figures;
  std::optional<Failure> failure;
};

// A job on its way, in steps that any thread may take: `begin`; every part of the pass it announces, in any order and several at
// once; `end_pass`; the same with the parts of the next pass, until there are none. A step that fails ends the job: those that
// remain do nothing. No step throws. Most files are one part; a long one is cut, so that all threads can work on it.
//
// Callers order the steps: a part starts after the step that announced its pass, and `end_pass` after all parts of the pass have returned;
// each thread sees what the steps before its own have changed. Crew does that by its lock, under which it hands out parts and takes them
// back. So between passes nothing needs a lock. Parts of a pass run at the same time: they only read, but for what `mutex_` guards.
class Etl {
 public:
  // The job and the flag must outlive it; the flag is looked at before every read.
  Etl(const EtlJob& job, const std::atomic<bool>& cancelled);
  ~Etl();

  // Opens the input and checks all that can be checked without writing. Returns the number of parts of the first pass.
  size_t begin();
  void run_part(size_t part, Arena& arena);
  // Returns the number of parts of the next pass; 0 when the job has ended, well or not.
  size_t end_pass();
  // Once the job has ended.
  EtlOutcome take_outcome();

 private:
  enum class Pass : uint8_t { kMeasure, kWrite };

  // Runs a step, and keeps its failure.
  template <typename Step>
  void guard(const Step& step);
  bool has_failed() const;
  // The file, or what it is decoded.
  const Input& input() const { return decoded_ ? *decoded_ : *file_; }
  void check_output() const;
  size_t start_pass(Pass pass);
  size_t start_writing(double sigma);
  // Where the run of bytes ends that starts at `position`.
  uint64_t read_end(uint64_t position, uint64_t end) const;
  PartTally walk_part(size_t part, Arena& arena);
  void finish();

  const EtlJob& job_;
  const std::atomic<bool>& cancelled_;
  std::chrono::steady_clock::time_point started_;
  std::optional<InputFile> file_;
  // Null where the samples of the file are not coded.
  std::unique_ptr<const Input> decoded_;
  std::optional<OutputFile> output_;
  WavHeader header_;
  const Codec* codec_ = nullptr;
  OutputSize output_size_;
  // Bytes of data that one read aims at, and of a part: whole pieces, and whole blocks.
  size_t read_bytes_ = 0;
  uint64_t part_bytes_ = 0;
  Pass pass_ = Pass::kWrite;
  double sigma_ = 0;
  std::vector<const char*> warnings_;
  // Guards what parts change, which is all from here to `failure_`, while a pass is under way.
  mutable std::mutex mutex_;
  FileTally tally_;
  // Parts that have ended before one that stands before them.
  std::map<size_t, PartTally> early_;
  size_t next_tally_ = 0;
  std::optional<Failure> failure_;
  EtlFigures figures_;
};

// Runs a job to its end on this thread. Never throws: the outcome says what went wrong.
EtlOutcome run_etl(const EtlJob& job, const std::atomic<bool>& cancelled, Arena& arena);

}  // namespace noisemill
