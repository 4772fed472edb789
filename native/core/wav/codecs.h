// Codecs whose samples are decoded to 16-bit PCM. lib/core/wav/codecs.ts is its twin.
//
// Sources: ITU-T Recommendation G.711 (1988) for A-law and mu-law; IMA Digital Audio Focus and Technical Working Groups, "Recommended
// Practices for Enhancing Digital Audio Compatibility in Multimedia Systems" (1992) for IMA ADPCM; Microsoft, "New Multimedia Data Types
// and Data Techniques" (1994) for MS ADPCM, and for how blocks of both ADPCMs lie in WAV. Where these leave a choice, samples are those of SoX.
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
  // Bits of a sample that the fmt chunk must say.
  uint32_t bits;
  // Bytes of each channel at the head of a block, and the frames that they hold.
  uint32_t head_bytes;
  uint32_t head_frames;
  // Behind the head come groups of codes: nibbles of each channel in a group, and the frames that they hold.
  uint32_t group_nibbles;
  uint32_t group_frames;
  // Whether codes depend on those before them in a block, of which the fmt chunk says how many bytes and frames it has.
  bool has_blocks;
  // Whether the fmt chunk has a table of coefficients.
  bool has_coefficients;
  // See decode_blocks.
  std::optional<size_t> (*decode)(const CodedLayout& layout, const uint8_t* bytes, size_t length, int16_t* samples);
};

// How coded samples lie: in blocks of all channels.
struct CodedLayout {
  const Codec* codec = nullptr;
  uint32_t channels = 0;
  // Bytes of a block.
  uint32_t block_align = 0;
  // Frames that a whole block holds; it may have bytes to spare.
  uint32_t block_frames = 0;
  // Of codecs that have them: pairs, of which each block names one for each channel.
  std::vector<int16_t> coefficients;
};

// A codec's number is its place here.
extern const Codec kCodecs[];
extern const size_t kCodecCount;

// The codec with this format tag, or nullptr.
const Codec* find_codec(uint32_t tag);

// The most frames that fit into a block of so many bytes.
uint32_t frames_that_fit(const Codec& codec, uint32_t channels, uint32_t bytes);

// Frames in so many bytes of blocks.
uint64_t frames_of_data(const CodedLayout& layout, uint64_t bytes);

// Whether so many bytes of blocks end in the middle of a frame or of what frames are coded in.
bool ends_in_frame(const CodedLayout& layout, uint64_t bytes);

// Decodes whole blocks, of which the last may be short, into `samples`, which has room for their frames, interleaved. Returns where the
// first block begins whose head is none, with an index beyond its table; nothing where there is no such.
std::optional<size_t> decode_blocks(const CodedLayout& layout, const uint8_t* bytes, size_t length, int16_t* samples);

}  // namespace noisemill
