// Jobs and outcomes as JavaScript has them (lib/core/etl.ts, lib/core/slice.ts), and as core does.
#pragma once

#include <napi.h>

#include "core/etl.h"
#include "core/slice.h"

namespace noisemill {

EtlJob read_etl_job(Napi::Object object);
// The bytes stay JavaScript's: whoever holds the job keeps them.
SliceJob read_slice_job(Napi::Object object);

Napi::Object write_outcome(Napi::Env env, const EtlOutcome& outcome);
Napi::Object write_outcome(Napi::Env env, const SliceOutcome& outcome);

}  // namespace noisemill
