// Jobs and outcomes as they cross: see lib/backends/addon.ts for what JavaScript has of them.
#pragma once

#include <napi.h>

#include <vector>

#include "core/etl.h"
#include "core/slice.h"

namespace noisemill {

// Thrown by what reads or makes values while another thread ends the environment (worker.terminate()): it gives none from then on, at any
// point, and node-addon-api aborts the process where an absent one is used.
struct EnvironmentEnded {};

// Of files, each at the place of its bit in their figures.
Napi::Array warning_names(Napi::Env env);

std::vector<EtlJob> read_etl_jobs(Napi::Object packed);
// The bytes stay JavaScript's: whoever holds the job keeps them.
SliceJob read_slice_job(Napi::Object object);

Napi::Value write_outcome(Napi::Env env, const EtlOutcome& outcome);
Napi::Value write_outcome(Napi::Env env, const SliceOutcome& outcome);

}  // namespace noisemill
