// Corrects the sizes in the header of an output if those of its input were wrong, and changes
// nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "header.h"

namespace noisemill {

// Length of an output compared with its input.
struct OutputSize {
  // In bytes.
  uint64_t size = 0;
  // Number of bytes by which everything after the head moves.
  uint64_t shift = 0;
};

// Returns the size of the output. Throws Failure E_WAV_TOO_LONG if its container cannot hold that
// size.
OutputSize output_size(const WavHeader& header, uint64_t input_size);

// Writes a number into `count` bytes in the given byte order.
void put(uint8_t* bytes, size_t count, uint64_t value, bool big_endian = false);

// Writes the sizes of RF64 or BW64: the field of RIFF, and the sizes in ds64. `head` must reach to
// the end of the number of frames.
void put_long_sizes(uint8_t* head, uint64_t size, uint64_t data_bytes, uint64_t frames);

// Bytes of an output that are not those of its input.
struct Repair {
  uint64_t position;
  std::vector<uint8_t> bytes;
};

// Returns the true sizes, which replace those of the header, and a missing pad byte.
std::vector<Repair> size_repairs(const WavHeader& header, const OutputSize& sizes);

// Makes the repairs in those bytes of an output that begin at `start`.
void repair_bytes(uint8_t* bytes, size_t length, uint64_t start, const std::vector<Repair>& repairs);

}  // namespace noisemill
