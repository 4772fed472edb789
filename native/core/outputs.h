// The files that a job makes or compares: the mixture, and its stems if it has any. The twin is
// lib/core/outputs.ts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cancel.h"
#include "files.h"

namespace noisemill {

struct EtlJob;

// The paths of a stem; empty if it is not written.
struct StemFiles {
  std::string output;
  std::string temporary;
};

// Bytes at one position of each file. Those of the stems are nullptr if there are none.
struct OutputBytes {
  const uint8_t* mixture;
  const uint8_t* clean;
  const uint8_t* noise;
  size_t length;
};

// The files of one job. All of them get their final names, or none. Failures say which stem they are
// about. The destructor closes the files, and removes those that have no final name.
class Outputs {
 public:
  // The job must outlive this object.
  explicit Outputs(const EtlJob& job);

  bool has_stems() const { return places_.size() > 1; }
  // Checks the names early, so that no work is done for files that could not be written. `publish`
  // checks them again, because a name may be taken in the meantime.
  void check_names(const InputFile& input) const;
  // Throws E_OUTPUT_DIFFERS if a file exists that should not.
  void check_absent() const;
  // Creates the files, or opens those that are compared. `size` is the bytes that each should have,
  // `mode` its permissions. Throws like OutputFile and ComparedFile.
  void open(uint64_t size, unsigned mode);
  // Writes bytes to all files. Several threads may call it at the same time.
  void write(uint64_t position, const OutputBytes& bytes);
  // Gives the files their final names: first the stems, and the mixture last. If one of them fails,
  // the files before it lose their names again, unless they replaced others. Returns false if the
  // system cannot refuse a name that exists; see OutputFile::publish. Throws E_CANCELLED if nobody wants
  // the files any more.
  bool publish(const Cancel& cancel);
  // Closes the files, and removes those that have no final name.
  void close();

 private:
  enum class Role : uint8_t { kClean, kNoise, kMixture };
  struct Place {
    Role role;
    const std::string* output;
    const std::string* temporary;
    std::unique_ptr<Output> file;
  };

  // Does something with a file. A failure then says which stem it is about.
  template <typename Action>
  static void within(const Place& place, const Action& action);

  const EtlJob& job_;
  std::vector<Place> places_;
};

}  // namespace noisemill
