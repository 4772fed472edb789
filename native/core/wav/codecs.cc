#include "codecs.h"

#include <algorithm>
#include <iterator>

namespace noisemill {

namespace {

// Frames in a block of `bytes` bytes. The last block of a file may be short.
uint32_t frames_of_block(const CodedLayout& layout, uint32_t bytes) {
  return std::min(layout.block_frames, frames_that_fit(*layout.codec, layout.channels, bytes));
}

int32_t clamp(int32_t value) { return value > 32767 ? 32767 : value < -32768 ? -32768 : value; }

int32_t int16_at(const uint8_t* bytes) { return static_cast<int16_t>(bytes[0] | bytes[1] << 8); }

// The sample of a code, with G.711's numbering of segments and steps.
constexpr int16_t alaw_sample(uint32_t code) {
  const uint32_t inverted = code ^ 0x55;
  const uint32_t segment = inverted >> 4 & 7;
  const uint32_t step = ((inverted & 15) << 4) + 8;
  const auto size = static_cast<int32_t>(segment == 0 ? step : (step + 0x100) << (segment - 1));
  return static_cast<int16_t>(inverted & 0x80 ? size : -size);
}

constexpr int16_t mulaw_sample(uint32_t code) {
  const uint32_t inverted = ~code;
  const auto size = static_cast<int32_t>((((inverted & 15) << 3) + 0x84) << (inverted >> 4 & 7)) - 0x84;
  return static_cast<int16_t>(inverted & 0x80 ? -size : size);
}

struct SampleTable {
  int16_t samples[256] = {};
};

template <int16_t sample_of(uint32_t)>
constexpr SampleTable make_table() {
  SampleTable table;
  for (uint32_t code = 0; code < 256; code++) table.samples[code] = sample_of(code);
  return table;
}

template <int16_t sample_of(uint32_t)>
std::optional<size_t> decode_by_table(const CodedLayout& layout, const uint8_t* bytes, size_t length, int16_t* samples) {
  static constexpr SampleTable kTable = make_table<sample_of>();
  const size_t count = length - length % layout.channels;
  for (size_t i = 0; i < count; i++) samples[i] = kTable.samples[bytes[i]];
  return std::nullopt;
}

// Whether the head of a block can be decoded.
using HasHead = bool(const CodedLayout& layout, const uint8_t* block);
// Decodes one channel of a block. Its samples are `channels` apart.
using DecodeChannel = void(const CodedLayout& layout, const uint8_t* block, uint32_t channel, uint32_t frames, int16_t* samples);

template <HasHead has_head, DecodeChannel decode_channel>
std::optional<size_t> decode_by_block(const CodedLayout& layout, const uint8_t* bytes, size_t length, int16_t* samples) {
  for (size_t at = 0; at < length; at += layout.block_align) {
    const auto block_bytes = static_cast<uint32_t>(std::min<size_t>(layout.block_align, length - at));
    const uint32_t frames = frames_of_block(layout, block_bytes);
    if (frames == 0) break;
    if (!has_head(layout, bytes + at)) return at;
    for (uint32_t channel = 0; channel < layout.channels; channel++) {
      decode_channel(layout, bytes + at, channel, frames, samples + channel);
    }
    samples += static_cast<size_t>(frames) * layout.channels;
  }
  return std::nullopt;
}

constexpr int32_t kImaSteps[] = {
    7,    8,    9,    10,   11,   12,   13,   14,   16,   17,   19,   21,   23,    25,    28,    31,    34,    37,    41,    45,
    50,   55,   60,   66,   73,   80,   88,   97,   107,  118,  130,  143,  157,   173,   190,   209,   230,   253,   279,   307,
    337,  371,  408,  449,  494,  544,  598,  658,  724,  796,  876,  963,  1060,  1166,  1282,  1411,  1552,  1707,  1878,  2066,
    2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132,  7845,  8630,  9493,  10442, 11487, 12635, 13899,
    15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
};
constexpr auto kImaIndexes = static_cast<int32_t>(std::size(kImaSteps));
// How far a code moves the index of the step. The code's sign bit does not matter.
constexpr int32_t kImaMoves[] = {-1, -1, -1, -1, 2, 4, 6, 8};
constexpr int32_t kImaCodes = 16;

// By step index and code: the difference from the previous sample, and the row of these tables that
// the next code uses.
struct ImaTables {
  int32_t differences[kImaIndexes * kImaCodes] = {};
  uint32_t next[kImaIndexes * kImaCodes] = {};
};

constexpr ImaTables make_ima_tables() {
  ImaTables tables;
  for (int32_t index = 0; index < kImaIndexes; index++) {
    const int32_t step = kImaSteps[index];
    for (int32_t code = 0; code < kImaCodes; code++) {
      // Each term is rounded down.
      const int32_t parts = (code & 4 ? step : 0) + (code & 2 ? step >> 1 : 0) + (code & 1 ? step >> 2 : 0) + (step >> 3);
      const int32_t moved = index + kImaMoves[code & 7];
      const int32_t next = moved < 0 ? 0 : moved < kImaIndexes ? moved : kImaIndexes - 1;
      tables.differences[index * kImaCodes + code] = code & 8 ? -parts : parts;
      tables.next[index * kImaCodes + code] = static_cast<uint32_t>(next * kImaCodes);
    }
  }
  return tables;
}

constexpr ImaTables kIma = make_ima_tables();

// The head of a channel has its first sample, the index of its step and an unused byte.
constexpr uint32_t kImaHeadBytes = 4;
// Codes follow in words of eight frames, one word of each channel in turn. The low nibble of a byte
// comes first.
constexpr size_t kImaWordBytes = 4;

bool has_ima_head(const CodedLayout& layout, const uint8_t* block) {
  for (uint32_t channel = 0; channel < layout.channels; channel++) {
    if (block[kImaHeadBytes * channel + 2] >= kImaIndexes) return false;
  }
  return true;
}

void decode_ima_channel(const CodedLayout& layout, const uint8_t* block, uint32_t channel, uint32_t frames, int16_t* samples) {
  const size_t channels = layout.channels;
  const uint8_t* word = block + kImaHeadBytes * channel;
  int32_t sample = int16_at(word);
  uint32_t row = word[2] * static_cast<uint32_t>(kImaCodes);
  *samples = static_cast<int16_t>(sample);
  for (uint32_t frame = 1; frame < frames; frame += 8) {
    word += kImaWordBytes * channels;
    for (size_t i = 0; i < kImaWordBytes; i++) {
      const uint32_t low = row + (word[i] & 15);
      sample = clamp(sample + kIma.differences[low]);
      *(samples += channels) = static_cast<int16_t>(sample);
      const uint32_t high = kIma.next[low] + (word[i] >> 4);
      sample = clamp(sample + kIma.differences[high]);
      *(samples += channels) = static_cast<int16_t>(sample);
      row = kIma.next[high];
    }
  }
}

// Growth of the step by code, in units of 1/256.
constexpr uint32_t kMsGrowth[] = {230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230};
constexpr int32_t kMsLeastStep = 16;

// The head has four lists with a value for each channel: numbers of coefficient pairs, steps,
// second samples, first samples. The codes of all channels follow frame by frame. The high nibble
// of a byte comes first.
bool has_ms_head(const CodedLayout& layout, const uint8_t* block) {
  for (uint32_t channel = 0; channel < layout.channels; channel++) {
    if (size_t{2} * block[channel] >= layout.coefficients.size()) return false;
  }
  return true;
}

void decode_ms_channel(const CodedLayout& layout, const uint8_t* block, uint32_t channel, uint32_t frames, int16_t* samples) {
  const size_t channels = layout.channels;
  const int16_t* pair = layout.coefficients.data() + size_t{2} * block[channel];
  const int32_t of_last = pair[0];
  const int32_t of_other = pair[1];
  int32_t step = int16_at(block + channels + 2 * channel);
  int32_t last = int16_at(block + 3 * channels + 2 * channel);
  int32_t other = int16_at(block + 5 * channels + 2 * channel);
  *samples = static_cast<int16_t>(other);
  *(samples += channels) = static_cast<int16_t>(last);
  const uint8_t* codes = block + 7 * channels;
  size_t nibble = channel;
  for (uint32_t frame = 2; frame < frames; frame++, nibble += channels) {
    const int32_t code = codes[nibble >> 1] >> (nibble & 1 ? 0 : 4) & 15;
    // Sums and products wrap around at 32 bits, as in SoX. This happens in damaged blocks only.
    const auto sum = static_cast<int32_t>(static_cast<uint32_t>(last * of_last) + static_cast<uint32_t>(other * of_other));
    other = last;
    last = clamp((code < 8 ? code : code - 16) * step + (sum >> 8));
    *(samples += channels) = static_cast<int16_t>(last);
    step = std::max(kMsLeastStep, static_cast<int32_t>(kMsGrowth[code] * static_cast<uint32_t>(step)) >> 8);
  }
}

}  // namespace

const Codec kCodecs[] = {
    {"A-law", 0x0006, 8, 0, 0, 2, 1, false, false, decode_by_table<alaw_sample>},
    {"mu-law", 0x0007, 8, 0, 0, 2, 1, false, false, decode_by_table<mulaw_sample>},
    {"IMA ADPCM", 0x0011, 4, kImaHeadBytes, 1, 8, 8, true, false,
     decode_by_block<has_ima_head, decode_ima_channel>},
    {"MS ADPCM", 0x0002, 4, 7, 2, 1, 1, true, true, decode_by_block<has_ms_head, decode_ms_channel>},
};

const size_t kCodecCount = sizeof kCodecs / sizeof kCodecs[0];

const Codec* find_codec(uint32_t tag) {
  for (const Codec& codec : kCodecs) {
    if (codec.tag == tag) return &codec;
  }
  return nullptr;
}

uint32_t frames_that_fit(const Codec& codec, uint32_t channels, uint32_t bytes) {
  const uint32_t head = codec.head_bytes * channels;
  if (bytes < head) return 0;
  return codec.head_frames + 2 * (bytes - head) / (codec.group_nibbles * channels) * codec.group_frames;
}

uint64_t frames_of_data(const CodedLayout& layout, uint64_t bytes) {
  const auto rest = static_cast<uint32_t>(bytes % layout.block_align);
  return bytes / layout.block_align * layout.block_frames + frames_of_block(layout, rest);
}

bool ends_in_frame(const CodedLayout& layout, uint64_t bytes) {
  const Codec& codec = *layout.codec;
  const auto rest = static_cast<uint32_t>(bytes % layout.block_align);
  const uint32_t frames = frames_of_block(layout, rest);
  if (frames == 0 || frames == layout.block_frames) return rest > 0 && frames == 0;
  const uint32_t groups = (frames - codec.head_frames) / codec.group_frames;
  // A nibble may be left over, because bytes may hold an odd number of codes.
  return 2 * (rest - codec.head_bytes * layout.channels) - groups * codec.group_nibbles * layout.channels > 1;
}

std::optional<size_t> decode_blocks(const CodedLayout& layout, const uint8_t* bytes, size_t length, int16_t* samples) {
  return layout.codec->decode(layout, bytes, length, samples);
}

}  // namespace noisemill
