// Reads the fmt chunk, which describes the sample format, and checks that its fields agree.
//
// Sources: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0"
// (1991); Microsoft, "New Multimedia Data Types and Data Techniques" (1994) for format tags, and
// "Multiple Channel Audio Data and WAVE Files" (2007) for WAVE_FORMAT_EXTENSIBLE.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "codecs.h"
#include "reader.h"
#include "samples.h"

namespace noisemill {

constexpr uint32_t kMaxChannels = 1024;

// The layout has no number of frames yet.
struct WavFormat {
  FrameLayout layout;
  // W_BYTE_RATE or W_BLOCK_ALIGN.
  std::vector<const char*> warnings;
  // How the samples are coded, if they are. The layout describes the decoded samples.
  std::optional<CodedLayout> coded;
};

// Reads the fmt chunk, whose body starts at `start` and declares a size of `size` bytes. Throws
// Failure with a code E_WAV_..., or a failure of reading.
WavFormat read_format(HeaderReader& reader, uint64_t start, uint64_t size);

}  // namespace noisemill
