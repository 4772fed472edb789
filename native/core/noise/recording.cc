#include "recording.h"

#include <algorithm>
#include <cmath>

#include "../failure.h"
#include "simd/kernels.h"

namespace noisemill {

namespace {

// Target size of one read.
constexpr size_t kReadBytes = 64 * 1024;

size_t doubles_for(size_t bytes) { return (bytes + sizeof(double) - 1) / sizeof(double); }

}  // namespace

Recording::Recording(const Bank& bank, uint32_t file, uint32_t channels, Downmix downmix)
    : bank_(bank), file_(file), downmix_(downmix) {
  const uint32_t own = bank.channels(file);
  channels_ = own == 1 || (own > channels && downmix == Downmix::kMean) ? 1 : channels;
  guard([&] { input_ = std::make_unique<InputFile>(bank.path(file)); });
  if (input_->size() != bank.size(file) || input_->modified() != bank.modified(file)) fail("it has changed");
  guard([&] { readable_ = open_samples(*input_); });
  if (readable_.header.channels != own || readable_.header.frames != bank.frames(file)) fail("it has changed");
}

void Recording::fail(const std::string& reason, int error_number) const {
  throw Failure{"E_NOISE_FILE", bank_.name(file_) + ": " + reason, error_number};
}

template <typename Work>
void Recording::guard(const Work& work) const {
  try {
    work();
  } catch (const Failure& failure) {
    fail(failure.code, failure.error_number);
  }
}

void Recording::read(uint64_t first, size_t frames, Channels& out, size_t at) {
  const WavHeader& header = readable_.header;
  guard([&] { load(first, frames); });
  uint8_t* const bytes = reinterpret_cast<uint8_t*>(bytes_.data()) + (first - first_) * header.block_align;
  const size_t count = frames * header.channels;
  const size_t scratch = doubles_for(sample_scratch_bytes(*header.format, count));
  if (scratch_.size() < scratch) scratch_.resize(scratch);
  const void* values = kernels().decode(*header.format, bytes, count, scratch_.data());
  if (header.format->wide) copy(static_cast<const double*>(values), frames, out, at);
  else copy(static_cast<const float*>(values), frames, out, at);
}

template <typename T>
void Recording::copy(const T* values, size_t frames, Channels& out, size_t at) const {
  const uint32_t channels = readable_.header.channels;
  if (channels_ == 1 && channels > 1 && downmix_ == Downmix::kMean) {
    for (size_t i = 0; i < frames; i++) {
      double sum = 0;
      for (uint32_t channel = 0; channel < channels; channel++) {
        const auto value = static_cast<float>(*values++);
        if (std::isfinite(value)) sum += static_cast<double>(value);
      }
      out[0][at + i] = static_cast<float>(sum / channels);
    }
    return;
  }
  for (uint32_t channel = 0; channel < channels_; channel++) {
    float* const to = out[channel].data() + at;
    for (size_t i = 0; i < frames; i++) {
      const auto value = static_cast<float>(values[i * channels + channel]);
      to[i] = std::isfinite(value) ? value : 0.0f;
    }
  }
}

void Recording::load(uint64_t first, size_t frames) {
  if (first >= first_ && first + frames <= first_ + frames_) return;
  const WavHeader& header = readable_.header;
  const uint64_t most = std::max<uint64_t>(frames, kReadBytes / header.block_align);
  const uint64_t count = std::min(most, header.frames - first);
  const size_t length = static_cast<size_t>(count) * header.block_align;
  if (bytes_.size() < doubles_for(length)) bytes_.resize(doubles_for(static_cast<size_t>(most) * header.block_align));
  frames_ = 0;
  auto* const bytes = reinterpret_cast<uint8_t*>(bytes_.data());
  const Input& input = readable_.decoded ? *readable_.decoded : *input_;
  input.read(header.data_offset + first * header.block_align, bytes, length);
  if (header.big_endian) swap_bytes(*header.format, bytes, static_cast<size_t>(count) * header.channels);
  first_ = first;
  frames_ = count;
}

}  // namespace noisemill
