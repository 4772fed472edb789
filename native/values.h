// Jobs and outcomes as they cross: see lib/backends/border.ts for the other side.
#pragma once

#include <napi.h>

#include <vector>

#include "core/etl.h"
#include "core/slice.h"

namespace noisemill {

// Thrown by what reads or makes values while another thread ends the environment (worker.terminate()): it gives none from then on, at any
// point, and node-addon-api aborts the process where an absent one is used.
struct EnvironmentEnded {};

// The names of all that crosses, in the order in which it is read and written here: JavaScript packs in that order, and refuses an
// addon that has other names.
Napi::Object contract(Napi::Env env);

std::vector<EtlJob> read_etl_jobs(Napi::Object packed);
// The bytes stay JavaScript's: whoever holds the jobs keeps them.
std::vector<SliceJob> read_slice_jobs(Napi::Object packed);

Napi::Value write_outcome(Napi::Env env, const EtlOutcome& outcome);
Napi::Value write_outcome(Napi::Env env, const SliceOutcome& outcome);

}  // namespace noisemill
