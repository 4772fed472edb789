// Why a job could not be done: what core throws, and what crosses threads as plain data.
#pragma once

#include <string>

namespace noisemill {

struct Failure {
  // A code of the table in lib/errors.ts.
  std::string code;
  // What was found, for a person; the same words from both halves of core.
  std::string detail;
  // C's number for the system's fault; 0 where the system had no part in it.
  int error_number = 0;
};

// What was thrown, as the failure of a job; to be called in a catch block. What is neither a Failure nor a lack of memory is a fault of
// noisemill's own, E_INTERNAL. Never throws.
Failure caught_failure();

// Full volumes get one code wherever they show: they end a run, since every further file would fail too.
Failure system_failure(const char* code, int error_number);

}  // namespace noisemill
