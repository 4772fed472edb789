#include "kernel_exports.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/decode.h"
#include "core/failure.h"
#include "core/noise/bank.h"
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
    Layer layer;
    layer.kind = info[0].As<Napi::String>().Utf8Value();
    layer.key = {number(key, "low"), number(key, "high")};
    layer.parameters.assign(parameters.Data(), parameters.Data() + parameters.ElementLength());
    const uint32_t channel = info[2].As<Napi::Number>().Uint32Value();
    const auto frame = static_cast<uint64_t>(info[3].As<Napi::Number>().Int64Value());
    auto out = info[4].As<Napi::Float32Array>();
    Arena arena;
    const auto source = open_generated(layer, signal, arena);
    for (size_t at = 0; at + kBlockFrames <= out.ElementLength(); at += kBlockFrames) {
      source->fill(channel, frame + at, out.Data() + at, kBlockFrames);
    }
  } catch (const Failure& failure) {
    Napi::Error::New(info.Env(), failure.detail).ThrowAsJavaScriptException();
  }
}

void set_failure(Napi::Object result, const Failure& failure) {
  result.Set("code", failure.code);
  result.Set("detail", failure.detail);
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
    set_failure(result, caught_failure());
  }
  return result;
}

// Returns what an index of noise files says of each of them, for tests, or a code and a detail.
Napi::Value read_bank(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto result = Napi::Object::New(env);
  try {
    const auto bank = open_bank(info[0].As<Napi::String>());
    result.Set("hash", Napi::Buffer<uint8_t>::Copy(env, bank->hash(), Bank::kHashBytes));
    auto files = Napi::Array::New(env, bank->count());
    for (uint32_t i = 0; i < bank->count(); i++) {
      auto file = Napi::Object::New(env);
      file.Set("path", Napi::Buffer<char>::Copy(env, bank->path(i).data(), bank->path(i).size()));
      file.Set("name", Napi::Buffer<char>::Copy(env, bank->name(i).data(), bank->name(i).size()));
      file.Set("size", static_cast<double>(bank->size(i)));
      file.Set("modified", bank->modified(i));
      file.Set("frames", static_cast<double>(bank->frames(i)));
      file.Set("sampleRate", bank->sample_rate(i));
      file.Set("channels", bank->channels(i));
      files.Set(i, file);
    }
    result.Set("files", files);
  } catch (...) {
    set_failure(result, caught_failure());
  }
  return result;
}

// Draws files of a bank for a signal, for tests. Returns their numbers, or a code and a detail.
Napi::Value draw_from_bank(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto result = Napi::Object::New(env);
  try {
    const auto bank = open_bank(info[0].As<Napi::String>());
    const auto signal = info[1].As<Napi::Object>();
    const auto key = info[2].As<Napi::Object>();
    const Balance balance = info[3].As<Napi::String>().Utf8Value() == "folder" ? Balance::kFolder : Balance::kFile;
    const Selection& selection = bank->select(number(signal, "sampleRate"), number(signal, "channels"));
    auto draws = Napi::Uint32Array::New(env, info[4].As<Napi::Number>().Uint32Value());
    for (size_t n = 0; n < draws.ElementLength(); n++) draws[n] = selection.draw({number(key, "low"), number(key, "high")}, n, balance);
    result.Set("count", static_cast<double>(selection.count()));
    result.Set("isPartial", selection.is_partial());
    result.Set("draws", draws);
  } catch (...) {
    set_failure(result, caught_failure());
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
  exports.Set("readBank", Napi::Function::New(env, read_bank));
  exports.Set("drawFromBank", Napi::Function::New(env, draw_from_bank));
  exports.Set("fillNoise", Napi::Function::New(env, fill_noise));
  return exports;
}

}  // namespace noisemill
