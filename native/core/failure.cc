#include "failure.h"

#include <exception>
#include <new>
#include <utility>

#include "system.h"

namespace noisemill {

namespace {

Failure internal_failure(const char* what) {
  try {
    return {"E_INTERNAL", what};
  } catch (const std::bad_alloc&) {
    return {"E_INTERNAL", ""};
  }
}

}  // namespace

Failure caught_failure() {
  try {
    throw;
  } catch (Failure& failure) {
    // Moved, because a copy could throw.
    return std::move(failure);
  } catch (const std::bad_alloc&) {
    return {"E_NO_MEMORY", ""};
  } catch (const std::exception& error) {
    return internal_failure(error.what());
  } catch (...) {
    return internal_failure("something that is no std::exception was thrown");
  }
}

Failure system_failure(const char* code, int error_number) {
  return {os::is_full(error_number) ? "E_VOLUME_FULL" : code, "", error_number};
}

}  // namespace noisemill
