// Fuzz target: reads the header of any bytes. The reader either refuses them with a code for WAV
// files, or returns a layout that lies within the file. The layout of a coded file lies within its
// decoded form. Reading that form in pieces must give the same bytes as reading it at once.
#include <algorithm>
#include <vector>

#include "core/failure.h"
#include "core/files.h"
#include "core/wav/decoded.h"
#include "core/wav/format.h"
#include "core/wav/header.h"
#include "core/wav/repair.h"
#include "fuzz.h"

using namespace noisemill;

namespace {

void check_layout(const WavHeader& header, uint64_t size) {
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
}

// Reads the decoded file at once and in reads of any size, which must agree. Its header must match
// the layout.
void check_decoded(const Readable& readable, uint8_t choice) {
  const Input& input = *readable.decoded;
  const auto size = static_cast<size_t>(input.size());
  std::vector<uint8_t> whole(size);
  input.read(0, whole.data(), size);
  std::vector<uint8_t> pieces(size);
  for (size_t at = 0, step = 1 + choice; at < size; at += step, step = step * 3 % 4093 + 1) {
    input.read(at, pieces.data() + at, std::min(step, size - at));
  }
  PROMISE(pieces == whole);
  const WavHeader header = read_header(input);
  PROMISE(!header.coded && !header.sizes_lie);
  // Bytes after the last chunk are copied unchanged.
  for (const std::string warning : header.warnings) PROMISE(warning == "W_TRAILING_BYTES");
  PROMISE(header.data_offset == readable.header.data_offset && header.frames == readable.header.frames);
  PROMISE(header.container == readable.header.container && header.big_endian == readable.header.big_endian);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const MemoryFile file(bytes, size);
  const InputFile input(file.path());
  try {
    const Readable readable = open_samples(input);
    PROMISE((readable.decoded == nullptr) == (readable.codec == nullptr));
    check_layout(readable.header, readable.decoded ? readable.decoded->size() : size);
    if (readable.decoded) check_decoded(readable, bytes[size - 1]);
  } catch (const Failure& failure) {
    PROMISE(failure.code.rfind("E_WAV_", 0) == 0);
    PROMISE(!failure.detail.empty());
  }
  return 0;
}
