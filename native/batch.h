// Jobs in, results out: the border between JavaScript and core.
#pragma once

#include <napi.h>

namespace noisemill {

// Exports, typed and described in lib/backends/addon.ts.
Napi::Object init_batch(Napi::Env env, Napi::Object exports);

}  // namespace noisemill
