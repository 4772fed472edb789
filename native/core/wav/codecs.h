// Codecs whose samples are decoded to 16-bit PCM. The twin is lib/core/wav/codecs.ts.
//
// Sources: ITU-T Recommendation G.711 (1988) for A-law and mu-law; IMA Digital Audio Focus and
// Technical Working Groups, "Recommended Practices for Enhancing Digital Audio Compatibility in
// Multimedia Systems" (1992) for IMA ADPCM; Microsoft, "New Multimedia Data Types and Data
// Techniques" (1994) for MS ADPCM, and for the blocks of both ADPCMs in WAV. Where these leave a
// choice, the decoders give the samples of SoX.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace noisemill {

struct CodedLayout;

struct Codec {
  const char* name;
  // Format tag in the fmt chunk.
  uint32_t tag;
  // Bits of a sample. The fmt chunk must have this number.
  uint32_t bits;
  // Bytes of each channel in the head of a block, and the frames that they hold.
  uint32_t head_bytes;
  uint32_t head_frames;
  // Groups of codes follow the head: nibbles of each channel in a group, and the frames that they
  // hold.
  uint32_t group_nibbles;
  uint32_t group_frames;
  // Whether the data are in blocks, in which codes depend on earlier ones. The fmt chunk then has
  // the bytes and the frames of a block.
  bool has_blocks;
  // Whether the fmt chunk has a table of coefficients.
  bool has_coefficients;
  // See decode_blocks.
  std::optional<size_t> (*decode)(const CodedLayout& layout, const uint8_t* bytes, size_t length, int16_t* samples);
};

// Layout of coded samples. A block contains all channels.
struct CodedLayout {
  const Codec* codec = nullptr;
  uint32_t channels = 0;
  // Bytes of a block.
  uint32_t block_align = 0;
  // Frames in a whole block. A block may have spare bytes after them.
  uint32_t block_frames = 0;
  // Pairs of coefficients, for codecs that have them. Each block selects one pair for each channel.
  std::vector<int16_t> coefficients;
};

// All codecs. The index in this array is the codec's number.
extern const Codec kCodecs[];
extern const size_t kCodecCount;

// Returns the codec with this format tag, or nullptr.
const Codec* find_codec(uint32_t tag);

// The most frames that fit into a block of `bytes` bytes.
uint32_t frames_that_fit(const Codec& codec, uint32_t channels, uint32_t bytes);

// Frames in `bytes` bytes of blocks.
uint64_t frames_of_data(const CodedLayout& layout, uint64_t bytes);

// Whether `bytes` bytes of blocks end inside a frame or inside a group of codes.
bool ends_in_frame(const CodedLayout& layout, uint64_t bytes);

// Decodes blocks into `samples`, which has room for their frames, interleaved. All blocks but the
// last must be whole. Returns the offset of the first block whose head has an index beyond its
// table; nothing if there is none.
std::optional<size_t> decode_blocks(const CodedLayout& layout, const uint8_t* bytes, size_t length, int16_t* samples);

}  // namespace noisemill
