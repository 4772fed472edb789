// Exports of the kernels to JavaScript: the available instruction sets, the one in use, and noise
// alone.
#pragma once

#include <napi.h>

namespace noisemill {

// Adds the exports, which lib/backends/addon.ts types and describes.
Napi::Object init_kernel_exports(Napi::Env env, Napi::Object exports);

}  // namespace noisemill
