#include "libuv.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

namespace noisemill {

namespace {

// How long the measurement waits for the next thread, and in all. Both are long compared with
// waking a thread, and too short for a caller to notice.
constexpr std::chrono::milliseconds kPatience{5};
constexpr std::chrono::milliseconds kPatienceInAll{50};

std::atomic<size_t> taken{0};

class Task final : public Napi::AsyncWorker {
 public:
  Task(Napi::Env env, std::function<void()> work) : Napi::AsyncWorker(env, "noisemill"), work_(std::move(work)) {}
  void Execute() override { work_(); }

 private:
  std::function<void()> work_;
};

struct Meeting {
  std::mutex mutex;
  std::condition_variable changed;
  size_t present = 0;
  bool over = false;
};

}  // namespace

size_t measure_libuv_pool(Napi::Env env, size_t most) {
  const auto meeting = std::make_shared<Meeting>();
  for (size_t i = 0; i < most; i++) {
    run_on_libuv(env, [meeting] {
      std::unique_lock<std::mutex> lock(meeting->mutex);
      meeting->present++;
      meeting->changed.notify_all();
      meeting->changed.wait(lock, [&] { return meeting->over; });
    });
  }
  std::unique_lock<std::mutex> lock(meeting->mutex);
  // A task that starts after the end sees `over`, and does not count.
  const auto end = std::chrono::steady_clock::now() + kPatienceInAll;
  for (size_t seen = 0; seen < most; seen = meeting->present) {
    const auto until = std::min(end, std::chrono::steady_clock::now() + kPatience);
    if (!meeting->changed.wait_until(lock, until, [&] { return meeting->present > seen; })) break;
  }
  meeting->over = true;
  meeting->changed.notify_all();
  return std::min(most, meeting->present + taken.load());
}

bool LibuvShare::take(size_t limit) {
  size_t now = taken.load();
  while (now < limit) {
    if (taken.compare_exchange_weak(now, now + 1)) return true;
  }
  return false;
}

void LibuvShare::give_back() { taken--; }

void run_on_libuv(Napi::Env env, std::function<void()> work) { (new Task(env, std::move(work)))->Queue(); }

}  // namespace noisemill
