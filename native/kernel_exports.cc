#include "kernel_exports.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/decode.h"
#include "core/failure.h"
#include "core/noise/noise.h"
#include "simd/kernels.h"

namespace noisemill {

namespace {

uint32_t number(Napi::Object object, const char* name) { return object.Get(name).As<Napi::Number>().Uint32Value(); }

// Generates noise alone, for tests and benchmarks: whole blocks of one channel, from a frame on,
// into a Float32Array.
void fill_noise(const Napi::CallbackInfo& info) {
  try {
    const auto context = info[1].As<Napi::Object>();
    const auto key = context.Get("key").As<Napi::Object>();
    const auto parameters = context.Get("parameters").As<Napi::Float64Array>();
    const SignalShape signal = {number(context, "channels"), number(context, "sampleRate"),
                                static_cast<uint64_t>(context.Get("frames").As<Napi::Number>().Int64Value())};
    Noise noise;
    noise.kind = info[0].As<Napi::String>().Utf8Value();
    noise.key = {number(key, "low"), number(key, "high")};
    noise.parameters.assign(parameters.Data(), parameters.Data() + parameters.ElementLength());
    const uint32_t channel = info[2].As<Napi::Number>().Uint32Value();
    const auto frame = static_cast<uint64_t>(info[3].As<Napi::Number>().Int64Value());
    auto out = info[4].As<Napi::Float32Array>();
    Arena arena;
    const auto source = open_source(noise, signal, arena);
    for (size_t at = 0; at + kBlockFrames <= out.ElementLength(); at += kBlockFrames) {
      source->fill(channel, frame + at, out.Data() + at, kBlockFrames);
    }
  } catch (const Failure& failure) {
    Napi::Error::New(info.Env(), failure.detail).ThrowAsJavaScriptException();
  }
}

// Decodes a file, for tests. Returns its format, channels, sample rate and samples (float64), or a
// code and a detail.
Napi::Value decode_samples(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto result = Napi::Object::New(env);
  try {
    const DecodedFile decoded = decode_file(info[0].As<Napi::String>());
    const WavHeader& header = decoded.header;
    result.Set("format", header.format->name);
    result.Set("channels", header.channels);
    result.Set("sampleRate", header.sample_rate);
    auto samples = Napi::Float64Array::New(env, decoded.samples.size());
    std::copy(decoded.samples.begin(), decoded.samples.end(), samples.Data());
    result.Set("samples", samples);
  } catch (...) {
    const Failure failure = caught_failure();
    result.Set("code", failure.code);
    result.Set("detail", failure.detail);
  }
  return result;
}

Napi::Value instruction_sets(const Napi::CallbackInfo& info) {
  auto names = Napi::Array::New(info.Env());
  uint32_t count = 0;
  for (const Kernels* const* known = available_kernels(); *known != nullptr; known++) {
    names.Set(count++, (*known)->instruction_set);
  }
  return names;
}

Napi::Value use_instruction_set(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  for (const Kernels* const* known = available_kernels(); *known != nullptr; known++) {
    if (name != (*known)->instruction_set) continue;
    use_kernels(**known);
    return Napi::Boolean::New(info.Env(), true);
  }
  return Napi::Boolean::New(info.Env(), false);
}

}  // namespace

Napi::Object init_kernel_exports(Napi::Env env, Napi::Object exports) {
  exports.Set("instructionSets", Napi::Function::New(env, instruction_sets));
  exports.Set("useInstructionSet", Napi::Function::New(env, use_instruction_set));
  exports.Set("decodeSamples", Napi::Function::New(env, decode_samples));
  exports.Set("fillNoise", Napi::Function::New(env, fill_noise));
  return exports;
}

}  // namespace noisemill
