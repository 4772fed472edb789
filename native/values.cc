#include "values.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

namespace noisemill {

namespace {

// No getter of ours throws: what is not to be had is so because the environment is being ended.
Napi::Value get(Napi::Object object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsEmpty()) throw EnvironmentEnded{};
  return value;
}

std::vector<double> read_doubles(Napi::Value value) {
  const auto array = value.As<Napi::Float64Array>();
  return std::vector<double>(array.Data(), array.Data() + array.ElementLength());
}

FileKey read_key(Napi::Value value) {
  const auto key = value.As<Napi::Object>();
  return {get(key, "low").As<Napi::Number>().Uint32Value(), get(key, "high").As<Napi::Number>().Uint32Value()};
}

Napi::Object write_failure(Napi::Env env, const Failure& failure) {
  auto object = Napi::Object::New(env);
  object.Set("code", failure.code);
  object.Set("detail", failure.detail);
  // C's number, negative; lib/backends/native.ts gives it its name.
  object.Set("errno", -failure.error_number);
  return object;
}

void set_number(Napi::Object object, const char* name, double value) { object.Set(name, Napi::Number::New(object.Env(), value)); }

// Each is the bit of its place.
constexpr const char* kWarnings[] = {"W_SIZE_UNKNOWN", "W_DATA_CUT_SHORT", "W_PARTIAL_FRAME",  "W_BYTE_RATE",
                                     "W_BLOCK_ALIGN",  "W_SILENT",         "W_NO_HARD_LINKS", "W_NON_FINITE"};

Napi::Array write_doubles(Napi::Env env, const std::vector<double>& values) {
  auto array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); i++) array.Set(i, values[i]);
  return array;
}

Napi::Object write_tally(Napi::Env env, const PartTally& tally) {
  auto object = Napi::Object::New(env);
  object.Set("signal", write_doubles(env, tally.signal));
  object.Set("noise", write_doubles(env, tally.noise));
  set_number(object, "clipped", static_cast<double>(tally.clipped));
  set_number(object, "nonFinite", static_cast<double>(tally.non_finite));
  return object;
}

}  // namespace

Napi::Array warning_names(Napi::Env env) {
  auto names = Napi::Array::New(env, std::size(kWarnings));
  for (uint32_t i = 0; i < std::size(kWarnings); i++) names.Set(i, kWarnings[i]);
  return names;
}

std::vector<EtlJob> read_etl_jobs(Napi::Object packed) {
  const auto texts = get(packed, "texts").As<Napi::Uint8Array>();
  const auto numbers = get(packed, "numbers").As<Napi::Float64Array>();
  const char* text = reinterpret_cast<const char*>(texts.Data());
  const double* number = numbers.Data();
  const auto next_text = [&] {
    std::string value(text);
    text += value.size() + 1;
    return value;
  };
  std::vector<EtlJob> jobs(get(packed, "count").As<Napi::Number>().Uint32Value());
  for (EtlJob& job : jobs) {
    job.input = next_text();
    job.output = next_text();
    job.temporary = next_text();
    job.kind = next_text();
    job.overwrite = *number++ != 0;
    job.fsync = *number++ != 0;
    job.dry_run = *number++ != 0;
    job.strict = *number++ != 0;
    job.clip = *number++ != 0;
    job.level_kind = *number++ != 0 ? LevelKind::kSnr : LevelKind::kSigma;
    job.level = *number++;
    job.key.low = static_cast<uint32_t>(*number++);
    job.key.high = static_cast<uint32_t>(*number++);
    const auto parameters = static_cast<size_t>(*number++);
    job.parameters.assign(number, number + parameters);
    number += parameters;
  }
  return jobs;
}

SliceJob read_slice_job(Napi::Object object) {
  SliceJob job;
  auto bytes = get(object, "bytes").As<Napi::Uint8Array>();
  job.bytes = bytes.Data();
  job.length = bytes.ByteLength();
  const std::string format = get(object, "format").As<Napi::String>();
  for (const SampleFormat& known : kSampleFormats) {
    if (format == known.name) job.layout.format = &known;
  }
  job.layout.channels = get(object, "channels").As<Napi::Number>().Uint32Value();
  job.layout.block_align = job.layout.channels * job.layout.format->bytes;
  job.layout.frames = static_cast<uint64_t>(get(object, "frames").As<Napi::Number>().Int64Value());
  job.layout.big_endian = get(object, "bigEndian").As<Napi::Boolean>();
  job.layout.valid_bits = get(object, "validBits").As<Napi::Number>().Uint32Value();
  job.first_frame = static_cast<uint64_t>(get(object, "firstFrame").As<Napi::Number>().Int64Value());
  job.kind = get(object, "kind").As<Napi::String>().Utf8Value();
  job.parameters = read_doubles(get(object, "parameters"));
  job.key = read_key(get(object, "key"));
  job.sigma = get(object, "sigma").As<Napi::Number>().DoubleValue();
  job.clip = get(object, "clip").As<Napi::Boolean>();
  return job;
}

Napi::Value write_outcome(Napi::Env env, const EtlOutcome& outcome) {
  if (outcome.failure) return write_failure(env, *outcome.failure);
  const EtlFigures& figures = outcome.figures;
  double warnings = 0;
  for (const char* warning : figures.warnings) {
    for (size_t i = 0; i < std::size(kWarnings); i++) {
      if (std::strcmp(warning, kWarnings[i]) == 0) warnings += static_cast<double>(1u << i);
    }
  }
  const double numbers[] = {
      static_cast<double>(figures.format->id),
      static_cast<double>(figures.channels),
      static_cast<double>(figures.sample_rate),
      static_cast<double>(figures.frames),
      figures.sigma,
      figures.signal_energy,
      figures.noise_energy,
      static_cast<double>(figures.clipped),
      static_cast<double>(figures.non_finite),
      static_cast<double>(figures.bytes_in),
      figures.modified,
      static_cast<double>(figures.bytes_out),
      figures.seconds,
      warnings,
  };
  auto array = Napi::Float64Array::New(env, std::size(numbers));
  if (array.IsEmpty()) throw EnvironmentEnded{};
  std::copy(std::begin(numbers), std::end(numbers), array.Data());
  return array;
}

Napi::Value write_outcome(Napi::Env env, const SliceOutcome& outcome) {
  return outcome.failure ? write_failure(env, *outcome.failure) : write_tally(env, outcome.tally);
}

}  // namespace noisemill
