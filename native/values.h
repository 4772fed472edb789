// Converts jobs and outcomes between JavaScript and structs. lib/backends/border.ts is the other
// side.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/etl.h"
#include "core/slice.h"

namespace noisemill {

// Thrown when the environment ends while values are read or made. worker.terminate() can end it
// from another thread at any point. It then returns no values, and node-addon-api aborts the
// process if an absent value is used.
struct EnvironmentEnded {};

// The names of all fields, in the order in which this file reads and writes them. JavaScript packs
// in this order, and refuses an addon with other names.
Napi::Object contract(Napi::Env env);

// Packed jobs on files, copied from JavaScript. Any thread may unpack a job: it takes too long for
// the JS thread.
class PackedFiles {
 public:
  explicit PackedFiles(Napi::Object packed);
  PackedFiles(PackedFiles&&) = default;
  PackedFiles(const PackedFiles&) = delete;
  PackedFiles& operator=(const PackedFiles&) = delete;
  size_t size() const { return starts_.size(); }
  EtlJob job(size_t index) const;

 private:
  struct Start {
    const char* text;
    const double* number;
  };

  std::vector<char> texts_;
  std::vector<double> numbers_;
  // Where each job starts in both.
  std::vector<Start> starts_;
};

// The bytes belong to JavaScript, which must keep them as long as the jobs exist.
std::vector<SliceJob> read_slice_jobs(Napi::Object packed);

// A job that has ended, by its index in the batch.
template <typename Outcome>
struct Settled {
  uint32_t index;
  const Outcome* outcome;
};

// Makes the arguments with which JavaScript gets the outcomes of jobs of one batch. See `runFiles`
// and `runSlices` in lib/backends/addon.ts.
std::vector<napi_value> write_outcomes(Napi::Env env, const std::vector<Settled<EtlOutcome>>& group);
std::vector<napi_value> write_outcomes(Napi::Env env, const std::vector<Settled<SliceOutcome>>& group);

}  // namespace noisemill
