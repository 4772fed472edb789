// Interface between JavaScript and core: jobs in, outcomes out.
#pragma once

#include <napi.h>

namespace noisemill {

// Adds the exports, which lib/backends/addon.ts types and describes.
Napi::Object init_batch(Napi::Env env, Napi::Object exports);

}  // namespace noisemill
