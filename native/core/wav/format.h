// The fmt chunk: how samples are kept, checked against itself.
//
// Sources: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991); Microsoft, "New Multimedia Data
// Types and Data Techniques" (1994) for format tags, and "Multiple Channel Audio Data and WAVE Files" (2007) for WAVE_FORMAT_EXTENSIBLE.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "codecs.h"
#include "reader.h"
#include "samples.h"

namespace noisemill {

constexpr uint32_t kMaxChannels = 1024;

// All of the layout but the number of frames.
struct WavFormat {
  FrameLayout layout;
  // W_BYTE_RATE, W_BLOCK_ALIGN.
  std::vector<const char*> warnings;
  // How the samples are coded, where they are: the layout is of what they are decoded to.
  std::optional<CodedLayout> coded;
};

// `start` is that of the chunk's body, which has `size` bytes by its own account. Throws Failure with a code E_WAV_... or one of reading.
WavFormat read_format(HeaderReader& reader, uint64_t start, uint64_t size);

}  // namespace noisemill
