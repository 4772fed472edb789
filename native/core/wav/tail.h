// What stands behind the data that a header declares: chunks, a tag of another format, or samples that the header does not count.
// lib/core/wav/tail.ts is its twin.
#pragma once

#include <cstdint>

#include "reader.h"

namespace noisemill {

// Whether samples begin at `start`, though the data chunk is empty and the container ends with it: as writers leave a file that they
// never finished.
bool is_recording(HeaderReader& reader, uint64_t start);

// Whether more than a few bytes stand behind the last chunk and are no tag. `data_end` is where the data end by the header, before any
// padding.
bool has_trailing_bytes(HeaderReader& reader, uint64_t data_end);

}  // namespace noisemill
