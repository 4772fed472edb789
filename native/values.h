// Converts jobs and outcomes between JavaScript and structs. lib/backends/border.ts is the other
// side.
#pragma once

#include <napi.h>

#include <cstdint>
#include <list>
#include <variant>
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

std::vector<EtlJob> read_etl_jobs(Napi::Object packed);
// The bytes belong to JavaScript, which must keep them as long as the jobs exist.
std::vector<SliceJob> read_slice_jobs(Napi::Object packed);

// A job that has ended, on its way to the JS thread.
struct Settled {
  uint64_t batch;
  uint32_t index;
  // Time that the job took on its thread.
  double milliseconds;
  std::variant<EtlOutcome, SliceOutcome> outcome;
};

// Makes the arguments with which JavaScript gets the outcomes of jobs of one batch. See `runFiles`
// and `runSlices` in lib/backends/addon.ts.
std::vector<napi_value> write_outcomes(Napi::Env env, const std::list<Settled>& group);

}  // namespace noisemill
