#include "failure.h"

#include <cerrno>

namespace noisemill {

Failure system_failure(const char* code, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return {full ? "E_VOLUME_FULL" : code, "", error_number};
}

}  // namespace noisemill
