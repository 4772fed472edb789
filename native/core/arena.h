// Memory of one thread for the current job. It is kept from job to job, because a fresh allocation
// costs page faults. The twin is the memory of lib/core/kernels.ts.
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

  // Takes back all memory that was handed out. Call it before each job.
  void reset() { used_ = 0; }

  // Returns room for `count` values until the next reset. It starts at a page and is not
  // initialised.
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

  // One buffer for each `take` since the last reset. Jobs need similar sizes in the same order, so
  // buffers are used again.
  std::vector<Buffer> buffers_;
  size_t used_ = 0;
};

}  // namespace noisemill
