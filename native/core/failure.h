// The reason why a job failed. Core throws it, and it crosses threads as plain data.
#pragma once

#include <string>

namespace noisemill {

struct Failure {
  // A code from the table in lib/errors.ts.
  std::string code;
  // What was found, for the message. Both halves of core use the same words.
  std::string detail;
  // The system's error number; 0 if no system call failed.
  int error_number = 0;
  // The stem whose file the failure is about; "" for the input and the mixture.
  const char* stem = "";
};

// Turns the current exception into the failure of a job; call it in a catch block. Any exception
// other than a Failure or a lack of memory is a bug in noisemill, E_INTERNAL. It never throws.
Failure caught_failure();

// The failure for a system error. A full volume always gets the code E_VOLUME_FULL, because it ends
// the run: every further file would fail too.
Failure system_failure(const char* code, int error_number);

}  // namespace noisemill
