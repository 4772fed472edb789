// True sizes for outputs whose input has none: what a header says of them is put right, and nothing else.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../files.h"
#include "header.h"

namespace noisemill {

// How an output differs in length from its input.
struct OutputSize {
  // In bytes.
  uint64_t size = 0;
  // How far behind its place in the input everything stands, once the head is repaired.
  uint64_t shift = 0;
};

// Throws Failure E_WAV_TOO_LONG where a container cannot hold the size that the output has.
OutputSize output_size(const WavHeader& header, uint64_t input_size);

// Puts a number into `count` bytes, in an order.
void put(uint8_t* bytes, size_t count, uint64_t value, bool big_endian = false);

// Puts sizes into the head of RF64 or BW64: the field of RIFF, and ds64, which the head has up to its number of frames.
void put_long_sizes(uint8_t* head, uint64_t size, uint64_t data_bytes, uint64_t frames);

// Puts true sizes where the header has others, once all else of the output stands at its place.
void repair_sizes(OutputFile& output, const WavHeader& header, const OutputSize& sizes);

}  // namespace noisemill
