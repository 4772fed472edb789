// Finds the format and the data of a WAVE file. It trusts nothing: it checks every bound against
// the file, and allocates no more than a 16-bit field can ask for. The ETL copies all other bytes
// unchanged.
//
// Sources: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991)
// for RIFF and RIFX; EBU Tech 3306, "MBWF / RF64: an extended file format for audio" (2009); ITU-R
// BS.2088 (2019) for BW64. For formats see format.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "codecs.h"
#include "reader.h"
#include "samples.h"

namespace noisemill {

constexpr uint64_t kMaxU32 = 0xffffffff;

enum class Container : uint8_t { kRiff, kRifx, kRf64, kBw64 };

struct CodedData : CodedLayout {
  // Where the fmt chunk starts (at its id), and where the next chunk starts.
  uint64_t format_offset = 0;
  uint64_t format_end = 0;
};

struct WavHeader : FrameLayout {
  Container container = Container::kRiff;
  // Where the first frame starts in the file.
  uint64_t data_offset = 0;
  // Bytes of the whole frames. For coded samples, all bytes of the data.
  uint64_t data_bytes = 0;
  // Whether the header's data size is unknown or exceeds the file. The sizes in the output are then
  // corrected.
  bool sizes_lie = false;
  // Faults of a header that can be read nevertheless: W_SIZE_UNKNOWN, W_DATA_CUT_SHORT,
  // W_PARTIAL_FRAME, W_TRAILING_BYTES, W_BYTE_RATE, W_BLOCK_ALIGN.
  std::vector<const char*> warnings;
  // How the samples are coded, if they are. The layout describes the decoded samples.
  std::optional<CodedData> coded;
};

inline uint64_t end_of_data(const WavHeader& header) { return header.data_offset + header.data_bytes; }

// Whether a container keeps long sizes in a ds64 chunk.
inline bool has_long_sizes(Container container) { return container == Container::kRf64 || container == Container::kBw64; }

// Reads the header. Throws Failure with a code E_WAV_..., or a failure of reading.
WavHeader read_header(const Input& input);

// Throws Failure E_WAV_STRICT if there is any warning.
void refuse_warnings(const std::vector<const char*>& warnings);

}  // namespace noisemill
