// An output that exists already and is compared with the bytes that a job would write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include "failure.h"
#include "files.h"
#include "system.h"

namespace noisemill {

// A file that takes the place of the one that is written. Nothing is written: `write` compares, and
// `publish` throws if anything was different. So the first difference does not depend on the order
// of the parts.
class ComparedFile final : public Output {
 public:
  // `size` is the number of bytes that the output should have. For `follow` see os::open. Throws
  // Failure E_OUTPUT_MISSING or E_OUTPUT_READ.
  ComparedFile(const std::string& output, uint64_t size, bool follow);
  ~ComparedFile() override;
  ComparedFile(const ComparedFile&) = delete;
  ComparedFile& operator=(const ComparedFile&) = delete;

  // Compares the bytes of the file from `position` on with those of `buffer`. Throws E_OUTPUT_READ.
  void write(uint64_t position, const uint8_t* buffer, size_t length) override;
  void complete() override {}
  // Throws Failure E_OUTPUT_DIFFERS if the file differs from what was compared with it. Otherwise
  // returns true.
  bool publish(const std::string& output, bool overwrite) override;

 private:
  void differs_at(uint64_t position);

  const uint64_t size_;
  os::File file_;
  os::Facts facts_;
  std::mutex mutex_;
  // Position of the first byte that differs, guarded by `mutex_`.
  uint64_t first_ = UINT64_MAX;
};

}  // namespace noisemill
