// A bank: the noise files of a run, as an index that was made once. lib/core/noise/bank.ts describes
// its form.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "keys.h"

namespace noisemill {

// What is drawn evenly: the files of a bank, or its folders and then the files of a folder.
enum class Balance : uint8_t { kFile, kFolder };

// The files of a bank that can be drawn for a signal, in the order of the bank.
class Selection {
 public:
  // `folders` has the number of each file's folder, for all files of the bank. `is_partial` says
  // whether the bank has files of other sample rates.
  Selection(std::vector<uint32_t> files, const std::vector<uint32_t>& folders, bool is_partial);

  size_t count() const { return files_.size(); }
  bool is_partial() const { return is_partial_; }
  // Returns the number in the bank of the file of draw `n`.
  uint32_t draw(NoiseKey key, uint64_t n, Balance balance) const;

 private:
  // Numbers of the files in the bank, in its order.
  std::vector<uint32_t> files_;
  // The same numbers, folder by folder.
  std::vector<uint32_t> by_folder_;
  // Where each folder ends in `by_folder_`. Only folders with files are counted.
  std::vector<uint32_t> folder_ends_;
  bool is_partial_;
};

// An open index. Files are numbered from 0, in the order of the bytes of their names. Several
// threads may use it at the same time.
class Bank {
 public:
  static constexpr size_t kHashBytes = 32;

  // Reads an index. Throws Failure E_NOISE_BANK.
  explicit Bank(const std::string& index);

  uint32_t count() const { return count_; }
  // SHA-256 of what the files are, on any machine.
  const uint8_t* hash() const;
  // Absolute path of a file, as the system takes it.
  std::string path(uint32_t file) const;
  // Path of a file below its source, with '/' between names. No two files have the same name.
  std::string name(uint32_t file) const;
  uint64_t size(uint32_t file) const { return static_cast<uint64_t>(sizes_[file]); }
  // Time of the last modification, in microseconds since 1970.
  double modified(uint32_t file) const { return modified_[file]; }
  // At least 1.
  uint64_t frames(uint32_t file) const { return static_cast<uint64_t>(frames_[file]); }
  uint32_t sample_rate(uint32_t file) const { return sample_rates_[file]; }
  uint32_t channels(uint32_t file) const { return channels_[file]; }
  // Returns the files that can be drawn for a signal: those of its sample rate, with one channel, as
  // many as the signal, or more. They live as long as the bank. Throws Failure E_NOISE_RATE or
  // E_NOISE_CHANNELS if there are none.
  const Selection& select(uint32_t sample_rate, uint32_t channels) const;

 private:
  void check() const;
  std::unique_ptr<const Selection> selection_for(uint32_t sample_rate, uint32_t channels) const;
  uint32_t commonest_rate() const;

  uint32_t count_;
  uint8_t hash_[kHashBytes];
  std::vector<double> sizes_, modified_, frames_;
  std::vector<uint32_t> sample_rates_, channels_, folders_, path_ends_, name_ends_;
  std::string paths_, names_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<uint32_t, uint32_t>, std::unique_ptr<const Selection>> selections_;
};

// Opens an index, or returns it if the process has it open. An index never changes, because its name
// is the hash of its content. Throws Failure E_NOISE_BANK.
std::shared_ptr<const Bank> open_bank(const std::string& path);

}  // namespace noisemill
