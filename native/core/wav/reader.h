// Reads words of a header, wherever it is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace noisemill {

// Where a WAV file is read from: a file of the system, or one that is decoded as it is read.
class Input {
 public:
  virtual ~Input() = default;

  // In bytes.
  virtual uint64_t size() const = 0;
  // Reads exactly `length` bytes, all of which lie within the size; may be called from several threads. Throws Failure.
  virtual void read(uint64_t position, uint8_t* buffer, size_t length) const = 0;
};

// Positions count from the start of the file. The caller knows that the file has what it asks for.
class HeaderReader {
 public:
  explicit HeaderReader(const Input& input) : input(input) {}

  const Input& input;
  // Whether words have their high byte first, as in RIFX.
  bool big_endian = false;

  // `length` (at most 64) bytes.
  const uint8_t* bytes(uint64_t position, size_t length);
  // The name of a chunk: four characters.
  std::string id(uint64_t position);
  uint32_t u16(uint64_t position);
  uint32_t u32(uint64_t position);
  // Only RF64 and BW64 have such, and these are little-endian.
  uint64_t u64(uint64_t position);

 private:
  uint8_t window_[4096];
  uint64_t start_ = 0;
  size_t length_ = 0;
};

std::string hex(const uint8_t* bytes, size_t count);

}  // namespace noisemill
