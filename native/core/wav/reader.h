// Reads the words of a header from any input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace noisemill {

// Source of a WAV file's bytes: a file, or a file that is decoded when it is read.
class Input {
 public:
  virtual ~Input() = default;

  // In bytes.
  virtual uint64_t size() const = 0;
  // Reads exactly `length` bytes, which must all lie within the size. Several threads may call it
  // at the same time. Throws Failure.
  virtual void read(uint64_t position, uint8_t* buffer, size_t length) const = 0;
};

// Reads bytes and words at positions from the start of the file. The caller ensures that the file
// has them.
class HeaderReader {
 public:
  explicit HeaderReader(const Input& input) : input(input) {}

  const Input& input;
  // Whether words have their high byte first, as in RIFX.
  bool big_endian = false;

  // Returns `length` bytes, at most 64.
  const uint8_t* bytes(uint64_t position, size_t length);
  // Returns the name of a chunk: four characters.
  std::string id(uint64_t position);
  uint32_t u16(uint64_t position);
  uint32_t u32(uint64_t position);
  // Only RF64 and BW64 have 64-bit words, and both are little-endian.
  uint64_t u64(uint64_t position);

 private:
  uint8_t window_[4096];
  uint64_t start_ = 0;
  size_t length_ = 0;
};

std::string hex(const uint8_t* bytes, size_t count);

}  // namespace noisemill
