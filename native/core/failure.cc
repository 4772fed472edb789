#include "failure.h"

#include "system.h"

namespace noisemill {

Failure system_failure(const char* code, int error_number) {
  return {os::is_full(error_number) ? "E_VOLUME_FULL" : code, "", error_number};
}

}  // namespace noisemill
