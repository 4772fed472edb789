// Presents a file of coded samples as a file of 16-bit PCM, which the ETL reads in its place. Only
// the fmt chunk and the sizes differ; all other chunks keep their order. The twin is
// lib/core/wav/decoded.ts.
#pragma once

#include <cstdint>
#include <memory>

#include "codecs.h"
#include "header.h"
#include "reader.h"

namespace noisemill {

// The input of a job: samples that are not coded, and their header. The header keeps the warnings
// about the original file.
struct Readable {
  WavHeader header;
  // Codec of the original samples; nullptr if they are not coded.
  const Codec* codec = nullptr;
  // Input that decodes the samples when it is read. It is nullptr if they are not coded: read the
  // original input then.
  std::unique_ptr<const Input> decoded;
};

// Reads the header and opens the samples for reading. The input must outlive the result. Throws
// Failure with a code E_WAV_..., or a failure of reading.
Readable open_samples(const Input& input);

}  // namespace noisemill
