// Any bytes to the header reader: it refuses them with a code of a WAV, or gives a layout that lies within the file.
#include "core/failure.h"
#include "core/files.h"
#include "core/wav/format.h"
#include "core/wav/header.h"
#include "core/wav/repair.h"
#include "fuzz.h"

using namespace noisemill;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const MemoryFile file(bytes, size);
  const InputFile input(file.path());
  try {
    const WavHeader header = read_header(input);
    PROMISE(header.data_offset <= size);
    PROMISE(header.data_bytes <= size - header.data_offset);
    PROMISE(header.channels > 0 && header.channels <= kMaxChannels);
    PROMISE(header.sample_rate > 0);
    PROMISE(header.block_align == header.channels * header.format->bytes);
    PROMISE(header.frames * header.block_align == header.data_bytes);
    PROMISE(header.valid_bits > 0 && header.valid_bits <= header.format->bits);
    PROMISE(!header.format->is_float || header.valid_bits == header.format->bits);
    const OutputSize sizes = output_size(header, size);
    PROMISE(sizes.shift == 0);
    PROMISE(sizes.size == size || header.sizes_lie);
  } catch (const Failure& failure) {
    PROMISE(failure.code.rfind("E_WAV_", 0) == 0);
    PROMISE(!failure.detail.empty());
  }
  return 0;
}
