#include "compared.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace noisemill {

namespace {

// Bytes that are read and compared at once.
constexpr size_t kComparedBytes = 16 * 1024;

}  // namespace

ComparedFile::ComparedFile(const std::string& output, uint64_t size, bool follow) : size_(size) {
  int error = os::open(output, follow, file_);
  if (error != 0) {
    const bool missing = error == ENOENT || error == ENOTDIR;
    throw system_failure(missing ? "E_OUTPUT_MISSING" : "E_OUTPUT_READ", error);
  }
  error = os::facts_of(file_, facts_);
  if (error == 0 && facts_.kind == os::Kind::kFile) return;
  os::close(file_);
  if (error != 0) throw system_failure("E_OUTPUT_READ", error);
  throw Failure{"E_OUTPUT_READ", "not a regular file"};
}

ComparedFile::~ComparedFile() { os::close(file_); }

void ComparedFile::write(uint64_t position, const uint8_t* buffer, size_t length) {
  uint8_t existing[kComparedBytes];
  for (size_t done = 0; done < length;) {
    size_t count = 0;
    const int error = os::read(file_, position + done, existing, std::min(kComparedBytes, length - done), count);
    if (error != 0) throw system_failure("E_OUTPUT_READ", error);
    const uint8_t* expected = buffer + done;
    if (std::memcmp(existing, expected, count) != 0) {
      const uint8_t* differing = std::mismatch(expected, expected + count, existing).first;
      differs_at(position + done + static_cast<uint64_t>(differing - expected));
      return;
    }
    // The file ends here, which its size says too.
    if (count == 0) return;
    done += count;
  }
}

void ComparedFile::differs_at(uint64_t position) {
  const std::lock_guard<std::mutex> lock(mutex_);
  first_ = std::min(first_, position);
}

bool ComparedFile::publish(const std::string&, bool) {
  if (first_ < UINT64_MAX) throw Failure{"E_OUTPUT_DIFFERS", "first at byte " + std::to_string(first_)};
  if (facts_.size != size_) {
    const std::string sizes = std::to_string(facts_.size) + " bytes instead of " + std::to_string(size_);
    throw Failure{"E_OUTPUT_DIFFERS", "it has " + sizes};
  }
  return true;
}

}  // namespace noisemill
