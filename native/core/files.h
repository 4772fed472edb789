// Files as the ETL needs them: inputs that are only ever read, by position; outputs that appear under their final name whole
// or not at all. Paths are the bytes that the system has.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace noisemill {

class InputFile {
 public:
  // Throws Failure E_INPUT_MISSING, E_INPUT_NOT_FILE or E_INPUT_UNREADABLE.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  uint64_t size() const { return size_; }
  // Reads exactly `length` bytes. Throws E_INPUT_READ or E_INPUT_CHANGED.
  void read(uint64_t position, uint8_t* buffer, size_t length) const;
  bool is_same_file(const std::string& path) const;

 private:
  int fd_;
  uint64_t size_;
  dev_t device_;
  ino_t inode_;
};

// Whether anything, a dangling symbolic link included, has this name.
bool name_exists(const std::string& path);

// A file under a temporary name until `publish` gives it its final one. Unpublished, it is gone with the object.
class OutputFile {
 public:
  // Creates the temporary file, and the folder for it. Throws Failure E_OUTPUT_CREATE or E_VOLUME_FULL.
  explicit OutputFile(const std::string& temporary);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Writes all of `buffer`. Throws E_OUTPUT_WRITE or E_VOLUME_FULL.
  void write(uint64_t position, const uint8_t* buffer, size_t length);
  // Closes the file and gives it its final name. Without `overwrite` that is a hard link, which fails where the name is
  // taken, so nothing is ever replaced. Returns false where the file system has no hard links and the name was only looked
  // for before the renaming.
  bool publish(const std::string& output, bool overwrite);

 private:
  void close();
  void rename(const std::string& output);

  std::string temporary_;
  int fd_;
  bool published_ = false;
};

}  // namespace noisemill
