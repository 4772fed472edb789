// Work on threads of the libuv pool, which all of the process shares: file system calls and name look-ups wait there too.
#pragma once

#include <napi.h>

#include <cstddef>
#include <functional>

namespace noisemill {

// How many threads of the libuv pool are seen at work at the same time, up to `most`: as many tasks wait there for each other,
// for some milliseconds. Those that this addon has taken count; threads that are busy with other things are not seen. On the JS
// thread.
size_t measure_libuv_pool(Napi::Env env, size_t most);

// Threads of the libuv pool that this addon takes at the same time, in the whole process.
class LibuvShare {
 public:
  // Takes one unless `limit` are taken.
  static bool take(size_t limit);
  static void give_back();
};

// Runs `work` on a thread of the libuv pool as soon as one is free. On the JS thread.
void run_on_libuv(Napi::Env env, std::function<void()> work);

}  // namespace noisemill
