// Memory of one thread for the job at hand, kept from job to job: a fresh allocation costs page faults each time. The twin of what
// lib/core/kernels.ts hands out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace noisemill {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    for (const Buffer& buffer : buffers_) ::operator delete(buffer.start, kAlignment);
  }

  // Takes back all that was handed out: to be called before each job.
  void reset() { used_ = 0; }

  // Room for `count` values, at the start of a page and not initialised, until the next reset.
  template <typename T>
  T* take(size_t count) {
    if (used_ == buffers_.size()) buffers_.push_back({});
    Buffer& buffer = buffers_[used_++];
    const size_t bytes = count * sizeof(T);
    if (buffer.bytes < bytes) {
      ::operator delete(buffer.start, kAlignment);
      buffer = {};
      buffer = {::operator new(bytes, kAlignment), bytes};
    }
    return static_cast<T*>(buffer.start);
  }

 private:
  struct Buffer {
    void* start = nullptr;
    size_t bytes = 0;
  };

  static constexpr std::align_val_t kAlignment{4096};

  // One for each `take` since the last reset: jobs ask for much the same, in the same order.
  std::vector<Buffer> buffers_;
  size_t used_ = 0;
};

}  // namespace noisemill
