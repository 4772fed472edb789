// The kernels as a WebAssembly module, for lib/core/kernels-wasm.ts. The module is freestanding: it
// has no imports, no heap and hardly any stack. The caller lays out its memory.
#include "core/mix.inl"
#include "core/noise/filter.h"
#include "core/noise/kinds.h"
#include "core/wav/samples.inl"

#define NOISEMILL_EXPORT(name) extern "C" __attribute__((export_name(#name)))

using namespace noisemill;

// Returns the name with an index that other functions take; nullptr after the last.
NOISEMILL_EXPORT(kind_name) const char* wasm_kind_name(size_t index) {
#define NOISEMILL_NAME(Kind) Kind::kName,
  static constexpr const char* names[] = {NOISEMILL_GENERATED(NOISEMILL_NAME)};
  return index < kGeneratedCount ? names[index] : nullptr;
}

NOISEMILL_EXPORT(format_name) const char* wasm_format_name(size_t index) {
  return index < sizeof kSampleFormats / sizeof kSampleFormats[0] ? kSampleFormats[index].name : nullptr;
}

NOISEMILL_EXPORT(tally_bytes) size_t wasm_tally_bytes() { return sizeof(MixTally); }

NOISEMILL_EXPORT(fill) void wasm_fill(size_t kind, uint32_t* state, const double* parameters, float* out, size_t frames) {
#define NOISEMILL_FILL(Kind) \
  if (kind-- == 0) return Kind::fill(state, parameters, out, frames);
  NOISEMILL_GENERATED(NOISEMILL_FILL)
}

NOISEMILL_EXPORT(filter) void wasm_filter(double* state, const double* coefficients, size_t lanes, float* values, size_t frames) {
  filter(state, coefficients, lanes, values, frames);
}

NOISEMILL_EXPORT(interleave) void wasm_interleave(const float* from, float* to, size_t frames, size_t channels) {
  for (size_t i = 0; i < frames; i++) to[i * channels] = from[i];
}

NOISEMILL_EXPORT(decode) void* wasm_decode(uint32_t format, uint8_t* bytes, size_t count, void* scratch) {
  return decode(kSampleFormats[format], bytes, count, scratch);
}

NOISEMILL_EXPORT(encode) void wasm_encode(uint32_t format, const void* values, uint8_t* bytes, size_t count) {
  encode(kSampleFormats[format], values, bytes, count);
}

NOISEMILL_EXPORT(measure) void wasm_measure(const void* values, size_t count, uint32_t format, MixTally* tally) {
  measure(values, count, kSampleFormats[format], *tally);
}

NOISEMILL_EXPORT(survey)
void wasm_survey(const void* values, const float* noise, size_t count, uint32_t format, double sigma, MixTally* tally) {
  survey(values, noise, count, kSampleFormats[format], sigma, *tally);
}

NOISEMILL_EXPORT(mix)
void wasm_mix(void* values, const float* noise, size_t count, uint32_t format, uint32_t valid_bits, double sigma, double gain, bool clip,
              const float* dither, MixTally* tally) {
  mix(values, noise, count, kSampleFormats[format], valid_bits, {sigma, gain, clip, dither}, *tally);
}
