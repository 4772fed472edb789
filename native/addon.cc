// Entry point of the addon. It only registers the exports of other files.
#include <napi.h>

#include "batch.h"
#include "kernel_exports.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  return noisemill::init_kernel_exports(env, noisemill::init_batch(env, exports));
}

}  // namespace

NODE_API_MODULE(noisemill, init)
