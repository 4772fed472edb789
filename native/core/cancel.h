// Tells jobs that nobody wants their outputs any more. The twin is the type IsCancelled of
// lib/core/etl.ts.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace noisemill {

// Any thread may call any function.
class Cancel {
 public:
  using Clock = std::chrono::steady_clock;

  void cancel() { until_.store(kCancelled, std::memory_order_relaxed); }

  // Cancels at a time, unless it is called again with another one.
  void cancel_at(Clock::time_point time) {
    int64_t before = until_.load(std::memory_order_relaxed);
    while (before != kCancelled &&
           !until_.compare_exchange_weak(before, time.time_since_epoch().count(), std::memory_order_relaxed)) {
    }
  }

  bool is_cancelled() const {
    const int64_t until = until_.load(std::memory_order_relaxed);
    return until != kNever && Clock::now().time_since_epoch().count() >= until;
  }

 private:
  static constexpr int64_t kNever = INT64_MAX;
  static constexpr int64_t kCancelled = INT64_MIN;
  std::atomic<int64_t> until_{kNever};
};

}  // namespace noisemill
