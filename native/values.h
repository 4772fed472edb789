// Converts jobs and outcomes between JavaScript and structs. lib/backends/border.ts is the other
// side.
#pragma once

#include <napi.h>

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

Napi::Value write_outcome(Napi::Env env, const EtlOutcome& outcome);
Napi::Value write_outcome(Napi::Env env, const SliceOutcome& outcome);

}  // namespace noisemill
