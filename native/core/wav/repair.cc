#include "repair.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "../failure.h"

namespace noisemill {

namespace {

// Converting RIFF to RF64 inserts a ds64 chunk (EBU Tech 3306) after the first 12 bytes. All later
// bytes move.
constexpr uint64_t kDs64Bytes = 28;
constexpr uint64_t kGrowth = 8 + kDs64Bytes;
constexpr uint64_t kGrownHeadBytes = 12 + kGrowth;

std::vector<uint8_t> word(uint64_t value, bool big_endian) {
  std::vector<uint8_t> bytes(4);
  put(bytes.data(), bytes.size(), value, big_endian);
  return bytes;
}

}  // namespace

void put(uint8_t* bytes, size_t count, uint64_t value, bool big_endian) {
  for (size_t i = 0; i < count; i++) bytes[big_endian ? count - 1 - i : i] = static_cast<uint8_t>(value >> 8 * i);
}

void put_long_sizes(uint8_t* head, uint64_t size, uint64_t data_bytes, uint64_t frames) {
  put(head + 4, 4, kMaxU32);
  put(head + 20, 8, size - 8);
  put(head + 28, 8, data_bytes);
  put(head + 36, 8, frames);
}

OutputSize output_size(const WavHeader& header, uint64_t input_size) {
  if (!header.sizes_lie) return {input_size, 0};
  // Chunks start at even positions.
  const uint64_t size = end_of_data(header) + header.data_bytes % 2;
  // The largest number in RIFF's size field means that the size is unknown.
  if (size - 8 < kMaxU32 || has_long_sizes(header.container)) return {size, 0};
  if (header.container == Container::kRifx) throw Failure{"E_WAV_TOO_LONG", std::to_string(size) + " bytes of RIFX"};
  return {size + kGrowth, kGrowth};
}

std::vector<Repair> size_repairs(const WavHeader& header, const OutputSize& sizes) {
  if (!header.sizes_lie) return {};
  const auto& [size, shift] = sizes;
  std::vector<Repair> repairs;
  if (header.data_bytes % 2 == 1) repairs.push_back({size - 1, {0}});
  const uint64_t data_size_at = header.data_offset + shift - 4;
  if (shift > 0 || has_long_sizes(header.container)) {
    uint8_t head[kGrownHeadBytes] = {};
    std::memcpy(head, "RF64", 4);
    std::memcpy(head + 8, "WAVEds64", 8);
    put(head + 16, 4, kDs64Bytes);
    put_long_sizes(head, size, header.data_bytes, header.frames);
    // A file that already has a ds64 chunk keeps its name, and the size and the table of that
    // chunk.
    if (shift > 0) {
      repairs.push_back({0, {head, head + sizeof head}});
    } else {
      repairs.push_back({4, {head + 4, head + 8}});
      repairs.push_back({20, {head + 20, head + 44}});
    }
    repairs.push_back({data_size_at, word(kMaxU32, false)});
    return repairs;
  }
  repairs.push_back({4, word(size - 8, header.big_endian)});
  repairs.push_back({data_size_at, word(header.data_bytes, header.big_endian)});
  return repairs;
}

void repair_bytes(uint8_t* bytes, size_t length, uint64_t start, const std::vector<Repair>& repairs) {
  for (const auto& [position, repaired] : repairs) {
    const uint64_t from = std::max(position, start);
    const uint64_t to = std::min(position + repaired.size(), start + length);
    if (from < to) std::memcpy(bytes + (from - start), repaired.data() + (from - position), static_cast<size_t>(to - from));
  }
}

}  // namespace noisemill
