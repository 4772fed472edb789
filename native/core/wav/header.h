// Finds the format and the data of a RIFF WAVE file, and trusts nothing in it: every bound is checked against the file,
// nothing is allocated from a size in it. All other bytes are left for the ETL to carry over as they are.
//
// Sources: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991), and Microsoft, "Multiple
// Channel Audio Data and WAVE Files" (2007) for WAVE_FORMAT_EXTENSIBLE.
#pragma once

#include <cstdint>

#include "../files.h"
#include "samples.h"

namespace noisemill {

constexpr uint32_t kMaxChannels = 1024;

struct WavHeader : FrameLayout {
  // Frames a second.
  uint32_t sample_rate = 0;
  // Where the first frame starts in the file.
  uint64_t data_offset = 0;
  // Bytes of the whole frames.
  uint64_t data_bytes = 0;
  // Whether the header's data size runs past the end of the file, so that the output's sizes are written anew.
  bool sizes_lie = false;
  // Bytes of an unfinished frame at the end of the data.
  uint32_t partial_frame_bytes = 0;
};

// Reads the header. Throws Failure with a code E_WAV_... or one of reading.
WavHeader read_header(const InputFile& input);

}  // namespace noisemill
