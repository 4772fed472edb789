#include <atomic>

#include "simd/kernels.h"

namespace noisemill {

#if defined(__x86_64__)

extern const Kernels kernels_sse2;
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;

const Kernels* const* available_kernels() {
  static const auto found = [] {
    struct {
      const Kernels* list[4] = {};
    } result;
    size_t count = 0;
    // These use CPUID, and XGETBV for the registers that the operating system saves.
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
      result.list[count++] = &kernels_avx512;
    }
    if (__builtin_cpu_supports("avx2")) result.list[count++] = &kernels_avx2;
    result.list[count++] = &kernels_sse2;
    return result;
  }();
  return found.list;
}

#else

#if defined(__aarch64__)
#define NOISEMILL_BASELINE kernels_neon
#else
#define NOISEMILL_BASELINE kernels_generic
#endif

extern const Kernels NOISEMILL_BASELINE;

const Kernels* const* available_kernels() {
  static const Kernels* const list[] = {&NOISEMILL_BASELINE, nullptr};
  return list;
}

#endif

namespace {
std::atomic<const Kernels*> in_use{nullptr};
}  // namespace

const Kernels& kernels() {
  const Kernels* chosen = in_use.load(std::memory_order_relaxed);
  return chosen != nullptr ? *chosen : *available_kernels()[0];
}

void use_kernels(const Kernels& chosen) { in_use.store(&chosen, std::memory_order_relaxed); }

}  // namespace noisemill
