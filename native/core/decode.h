// Decodes a whole file to samples, for tests. Jobs do not return samples, and with sigma 0 they
// decode none. Tests compare these samples with those that other programs read. The twin is
// lib/core/decode.ts.
#pragma once

#include <string>
#include <vector>

#include "wav/header.h"

namespace noisemill {

struct DecodedFile {
  // Header of the file. If the file is coded, header of its decoded form.
  WavHeader header;
  // Interleaved, in full-scale units.
  std::vector<double> samples;
};

// Reads and decodes a file. Throws Failure as a job would.
DecodedFile decode_file(const std::string& path);

}  // namespace noisemill
