// The inner loops of core, compiled once for each instruction set and selected when the addon is
// loaded. All give the same bits, because the sources are the same, contraction is off, and they
// call no library.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/mix.h"
#include "core/noise/filter.h"
#include "core/noise/kinds.h"
#include "core/wav/samples.h"

namespace noisemill {

struct Kernels {
  const char* instruction_set;

  // The inner loops of all generated kinds of noise, in the order of core/noise/kinds.h. See
  // GeneratedKind::fill.
  void (*fill[kGeneratedCount])(uint32_t* state, const double* parameters, float* out, size_t frames);

  // The inner loop of coloured noise (core/noise/filter.h).
  void (*filter)(double* state, const double* coefficients, size_t lanes, float* values, size_t frames);

  // Decodes samples to values in full-scale units, float or double according to `format.wide`
  // (core/wav/samples.inl). Float formats return the bytes themselves. So samples that are not
  // written keep all their bits, NaN payloads included. `bytes` is aligned to the sample size (no
  // alignment for PCM 24).
  void* (*decode)(const SampleFormat& format, uint8_t* bytes, size_t count, void* scratch);
  // Writes values that `decode` returned back to their bytes. PCM values must be on the grid of the
  // format and within its range. Float formats need nothing, because they were changed in place.
  void (*encode)(const SampleFormat& format, const void* values, uint8_t* bytes, size_t count);

  // Adds up the squares of finite samples (core/mix.inl). `values` are float or double according to
  // `format.wide`.
  void (*measure)(const void* values, size_t count, const SampleFormat& format, MixTally& tally);
  // Measures samples, their noise and the mixture x + sigma g, before any gain, rounding and clamp,
  // and changes nothing. `values` are as for `measure`; `noise` has as many values.
  void (*survey)(const void* values, const float* noise, size_t count, const SampleFormat& format, double sigma, MixTally& tally);
  // Adds noise, in place: y = gain (x + sigma g), clamped, and rounded for PCM. docs/numerics.md
  // specifies the arithmetic.
  //
  // - `values`: samples in full-scale units, interleaved, float or double according to `format.wide`
  // - `noise`: as many values
  // - `valid_bits`: valid bits of the samples; PCM is rounded to the grid of that many bits
  void (*mix)(void* values, const float* noise, size_t count, const SampleFormat& format, uint32_t valid_bits,
              const MixSettings& settings, MixTally& tally);
};

// Returns the kernels in use.
const Kernels& kernels();

// Returns the kernels that were compiled in and that this machine and operating system can run. The
// best come first; nullptr ends the list.
const Kernels* const* available_kernels();

// Selects the kernels for all work that begins later.
void use_kernels(const Kernels& chosen);

}  // namespace noisemill
