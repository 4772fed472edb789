// Corrects the sizes in the header of an output if those of its input were wrong, and changes
// nothing else.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../files.h"
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

// Writes the true sizes over those of the header, once all other bytes of the output are in place.
void repair_sizes(OutputFile& output, const WavHeader& header, const OutputSize& sizes);

}  // namespace noisemill
