// The files of the ETL. Inputs are only read, by position. Outputs appear under their final name
// complete or not at all. Paths are the system's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "system.h"
#include "wav/reader.h"

namespace noisemill {

class InputFile final : public Input {
 public:
  // For `follow` see os::open. Throws Failure E_INPUT_MISSING, E_INPUT_NOT_FILE or
  // E_INPUT_UNREADABLE.
  explicit InputFile(const std::string& path, bool follow = true);
  ~InputFile() override;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  uint64_t size() const override { return facts_.size; }
  // Time of the last modification; see Facts.
  double modified() const { return facts_.modified; }
  // Permissions, 0 to 0777.
  unsigned mode() const { return facts_.mode; }
  // Reads the first `length` bytes in one call and keeps them. Later reads take these bytes from
  // memory. Throws like `read`.
  void hold(size_t length);
  // Reads exactly `length` bytes. Several threads may call it at the same time. Throws E_INPUT_READ
  // or E_INPUT_CHANGED.
  void read(uint64_t position, uint8_t* buffer, size_t length) const override;
  bool is_same_file(const std::string& path) const;

 private:
  os::File file_;
  os::Facts facts_;
  std::unique_ptr<uint8_t[]> held_;
  uint64_t held_bytes_ = 0;
};

// What receives the bytes of an output.
class Output {
 public:
  virtual ~Output() = default;

  // Takes all of `buffer`. Several threads may call it at the same time. Throws Failure.
  virtual void write(uint64_t position, const uint8_t* buffer, size_t length) = 0;
  // Ends the writing, before `publish`. Throws Failure.
  virtual void complete() = 0;
  // Returns false if the output's name was not guarded. Throws Failure.
  virtual bool publish(const std::string& output, bool overwrite) = 0;
};

// An output file. It has a temporary name until `publish` gives it its final one. The destructor
// removes a file that was not published.
class OutputFile final : public Output {
 public:
  // Creates the temporary file, and its folder if necessary. `mode` is its permissions, on file
  // systems that have them. With `fsync`, the file and its name are on the disk once it is
  // published. Throws Failure E_OUTPUT_CREATE or E_VOLUME_FULL.
  OutputFile(const std::string& temporary, unsigned mode, bool fsync);
  ~OutputFile() override;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Writes all of `buffer`. Several threads may call it at the same time. Throws E_OUTPUT_WRITE or
  // E_VOLUME_FULL.
  void write(uint64_t position, const uint8_t* buffer, size_t length) override;
  // Closes the file. Throws E_OUTPUT_WRITE or E_VOLUME_FULL: a file system may report here that
  // writing failed.
  void complete() override;
  // Gives the file its final name. Without `overwrite` the system refuses a name that
  // exists, so no file is ever replaced. Returns false if the system cannot refuse: then the name
  // was only checked before the renaming.
  bool publish(const std::string& output, bool overwrite) override;

 private:
  bool name(const std::string& output, bool overwrite);

  std::string temporary_;
  const bool fsync_;
  os::File file_ = os::kNoFile;
  bool published_ = false;
};

}  // namespace noisemill
