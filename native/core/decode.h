// The samples of a file, as jobs see them. No job gives samples away, and with sigma 0 none are decoded: this is how tests compare
// them with those that other programs read. lib/core/decode.ts is its twin.
#pragma once

#include <string>
#include <vector>

#include "wav/header.h"

namespace noisemill {

struct DecodedFile {
  // Of coded samples that of the file which they are decoded to.
  WavHeader header;
  // In full-scale units, interleaved.
  std::vector<double> samples;
};

// Throws Failure as a job would fail.
DecodedFile decode_file(const std::string& path);

}  // namespace noisemill
