// Classifies the bytes after the data that a header declares. They are chunks, a tag of another
// format, or samples that the header does not count. The twin is lib/core/wav/tail.ts.
#pragma once

#include <cstdint>

#include "reader.h"

namespace noisemill {

// Whether samples begin at `start`, although the data chunk is empty and the container ends with
// it. Writers that were interrupted leave such files.
bool is_recording(HeaderReader& reader, uint64_t start);

// Whether more than a few bytes follow the last chunk and are not a tag. `data_end` is the end of
// the data that the header declares, without padding.
bool has_trailing_bytes(HeaderReader& reader, uint64_t data_end);

}  // namespace noisemill
