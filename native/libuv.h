// Runs work on threads of libuv's pool. The whole process shares them, for example for file system
// calls and name look-ups.
#pragma once

#include <napi.h>

#include <cstddef>
#include <functional>

namespace noisemill {

// Measures how many threads of libuv's pool run at the same time, up to `most`. It starts `most`
// tasks that wait for each other, for at most 50 ms. Threads that this addon has taken count;
// threads that are busy with other work do not. Call it on the JS thread.
size_t measure_libuv_pool(Napi::Env env, size_t most);

// The threads of libuv's pool that this addon has taken, in the whole process.
class LibuvShare {
 public:
  // Takes a thread, unless `limit` threads are already taken.
  static bool take(size_t limit);
  static void give_back();
};

// Runs `work` on a thread of libuv's pool as soon as one is free. Call it on the JS thread.
void run_on_libuv(Napi::Env env, std::function<void()> work);

}  // namespace noisemill
