// A file of coded samples as the file of 16-bit PCM that it stands for: what the ETL reads in its place. Only the fmt chunk and sizes are
// other; every other chunk is where it was among its neighbours. lib/core/wav/decoded.ts is its twin.
#pragma once

#include <cstdint>
#include <memory>

#include "codecs.h"
#include "header.h"
#include "reader.h"

namespace noisemill {

// What a job works on: samples that are not coded, and their header with what was wrong in the input's.
struct Readable {
  WavHeader header;
  // What decoded the samples; nullptr where they are not coded.
  const Codec* codec = nullptr;
  // What decodes them, as it is read; nullptr where they are not coded, and read from the input itself.
  std::unique_ptr<const Input> decoded;
};

// The input must outlive what it gives. Throws Failure with a code E_WAV_... or one of reading.
Readable open_samples(const Input& input);

}  // namespace noisemill
