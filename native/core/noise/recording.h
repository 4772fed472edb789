// A file of a bank, open for a signal. The twin is lib/core/noise/recording.ts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../files.h"
#include "../wav/decoded.h"
#include "bank.h"

namespace noisemill {

// Which channels of a recording with more channels than the signal are heard: the first ones, or the
// mean of all.
enum class Downmix : uint8_t { kFirst, kMean };

// Values of some frames, for each channel.
using Channels = std::vector<std::vector<float>>;

// Reads a recording as the channels of a signal.
class Recording {
 public:
  // `channels` are those of the signal. The bank must outlive this object. Throws Failure
  // E_NOISE_FILE if the file cannot be read, or is not as it was when its bank was indexed.
  Recording(const Bank& bank, uint32_t file, uint32_t channels, Downmix downmix);

  // 1 if all channels of the signal hear the same, and otherwise the signal's number.
  uint32_t channels() const { return channels_; }
  // Writes frames of the recording, from `first` on, to the channels of `out`, from `at` on. The
  // recording has all of them. NaNs and infinities become zeros.
  void read(uint64_t first, size_t frames, Channels& out, size_t at);

 private:
  [[noreturn]] void fail(const std::string& reason, int error_number = 0) const;
  template <typename Work>
  void guard(const Work& work) const;
  // Reads the bytes of frames, and of some more.
  void load(uint64_t first, size_t frames);
  template <typename T>
  void copy(const T* values, size_t frames, Channels& out, size_t at) const;

  const Bank& bank_;
  const uint32_t file_;
  uint32_t channels_;
  const Downmix downmix_;
  std::unique_ptr<InputFile> input_;
  Readable readable_;
  // Frames of the recording that `bytes_` holds.
  uint64_t first_ = 0;
  uint64_t frames_ = 0;
  // Doubles, because these are aligned for all formats.
  std::vector<double> bytes_;
  std::vector<double> scratch_;
};

}  // namespace noisemill
