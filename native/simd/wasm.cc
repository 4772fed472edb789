// The kernels as a WebAssembly module: what lib/core/kernels-wasm.ts calls. Freestanding: the module has no imports, no heap and no
// stack to speak of; its memory is laid out by the caller.
#include "core/mix.inl"
#include "core/noise/gaussian.inl"
#include "core/wav/samples.inl"

#define NOISEMILL_EXPORT(name) extern "C" __attribute__((export_name(#name)))

using namespace noisemill;

NOISEMILL_EXPORT(fill_gaussian) void wasm_fill_gaussian(uint32_t* state, float* out, size_t frames) {
  fill_gaussian(state, out, frames);
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

NOISEMILL_EXPORT(mix_float32)
void wasm_mix_float32(float* values, const float* noise, size_t count, uint32_t format, uint32_t valid_bits, float sigma, bool clip,
                      MixTally* tally) {
  mix_float32(values, noise, count, kSampleFormats[format], valid_bits, sigma, clip, *tally);
}

NOISEMILL_EXPORT(mix_float64)
void wasm_mix_float64(double* values, const float* noise, size_t count, uint32_t format, uint32_t valid_bits, double sigma, bool clip,
                      MixTally* tally) {
  mix_float64(values, noise, count, kSampleFormats[format], valid_bits, sigma, clip, *tally);
}
