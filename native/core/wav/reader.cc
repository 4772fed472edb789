#include "reader.h"

#include <algorithm>
#include <cstdio>

namespace noisemill {

namespace {

uint64_t little_endian(const uint8_t* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = count; i > 0; i--) value = value << 8 | bytes[i - 1];
  return value;
}

uint64_t big_endian_word(const uint8_t* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; i++) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

const uint8_t* HeaderReader::bytes(uint64_t position, size_t length) {
  if (position < start_ || position + length > start_ + length_) {
    start_ = position;
    length_ = static_cast<size_t>(std::min<uint64_t>(sizeof window_, input.size() - position));
    input.read(position, window_, length_);
  }
  return window_ + (position - start_);
}

std::string HeaderReader::id(uint64_t position) { return std::string(reinterpret_cast<const char*>(bytes(position, 4)), 4); }

uint32_t HeaderReader::u16(uint64_t position) {
  const uint8_t* word = bytes(position, 2);
  return static_cast<uint32_t>(big_endian ? big_endian_word(word, 2) : little_endian(word, 2));
}

uint32_t HeaderReader::u32(uint64_t position) {
  const uint8_t* word = bytes(position, 4);
  return static_cast<uint32_t>(big_endian ? big_endian_word(word, 4) : little_endian(word, 4));
}

uint64_t HeaderReader::u64(uint64_t position) { return little_endian(bytes(position, 8), 8); }

std::string hex(const uint8_t* bytes, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; i++) {
    char pair[4];
    std::snprintf(pair, sizeof pair, i == 0 ? "%02x" : " %02x", bytes[i]);
    text += pair;
  }
  return text;
}

}  // namespace noisemill
