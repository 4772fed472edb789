// The kernels as JavaScript has them: which are there, which are used, and their noise alone.
#pragma once

#include <napi.h>

namespace noisemill {

// Exports, typed and described in lib/backends/addon.ts.
Napi::Object init_kernel_exports(Napi::Env env, Napi::Object exports);

}  // namespace noisemill
