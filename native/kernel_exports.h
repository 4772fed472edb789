// Exports of single parts of core to JavaScript, for tests and benchmarks, and of the available
// instruction sets.
#pragma once

#include <napi.h>

namespace noisemill {

// Adds the exports, which lib/backends/addon.ts types and describes.
Napi::Object init_kernel_exports(Napi::Env env, Napi::Object exports);

}  // namespace noisemill
