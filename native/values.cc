#include "values.h"

#include <string>
#include <vector>

namespace noisemill {

namespace {

// A path is a string, or a Uint8Array where its bytes are not UTF-8.
std::string read_path(Napi::Value value) {
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  const auto bytes = value.As<Napi::Uint8Array>();
  return std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
}

std::vector<double> read_doubles(Napi::Value value) {
  const auto array = value.As<Napi::Float64Array>();
  return std::vector<double>(array.Data(), array.Data() + array.ElementLength());
}

FileKey read_key(Napi::Value value) {
  const auto key = value.As<Napi::Object>();
  return {key.Get("low").As<Napi::Number>().Uint32Value(), key.Get("high").As<Napi::Number>().Uint32Value()};
}

Napi::Object write_failure(Napi::Env env, const Failure& failure) {
  auto object = Napi::Object::New(env);
  object.Set("code", failure.code);
  object.Set("detail", failure.detail);
  // The number, negative as libuv has it; lib/backends/native.ts gives it its name.
  object.Set("errno", -failure.error_number);
  return object;
}

void set_number(Napi::Object object, const char* name, double value) { object.Set(name, Napi::Number::New(object.Env(), value)); }

Napi::Object write_figures(Napi::Env env, const EtlFigures& figures) {
  auto object = Napi::Object::New(env);
  const auto set = [&](const char* name, auto value) { set_number(object, name, static_cast<double>(value)); };
  object.Set("format", figures.format);
  set("channels", figures.channels);
  set("sampleRate", figures.sample_rate);
  set("frames", figures.frames);
  set("sigma", figures.sigma);
  set("signalEnergy", figures.signal_energy);
  set("noiseEnergy", figures.noise_energy);
  set("clipped", figures.clipped);
  set("nonFinite", figures.non_finite);
  set("bytesIn", figures.bytes_in);
  set("bytesOut", figures.bytes_out);
  set("seconds", figures.seconds);
  auto warnings = Napi::Array::New(env, figures.warnings.size());
  for (uint32_t i = 0; i < figures.warnings.size(); i++) warnings.Set(i, figures.warnings[i]);
  object.Set("warnings", warnings);
  return object;
}

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

EtlJob read_etl_job(Napi::Object object) {
  EtlJob job;
  job.input = read_path(object.Get("input"));
  job.output = read_path(object.Get("output"));
  job.temporary = read_path(object.Get("temporary"));
  job.overwrite = object.Get("overwrite").As<Napi::Boolean>();
  job.dry_run = object.Get("dryRun").As<Napi::Boolean>();
  job.kind = object.Get("kind").As<Napi::String>().Utf8Value();
  job.parameters = read_doubles(object.Get("parameters"));
  job.key = read_key(object.Get("key"));
  const std::string level_kind = object.Get("levelKind").As<Napi::String>();
  job.level_kind = level_kind == "snr" ? LevelKind::kSnr : LevelKind::kSigma;
  job.level = object.Get("level").As<Napi::Number>().DoubleValue();
  job.clip = object.Get("clip").As<Napi::Boolean>();
  return job;
}

SliceJob read_slice_job(Napi::Object object) {
  SliceJob job;
  auto bytes = object.Get("bytes").As<Napi::Uint8Array>();
  job.bytes = bytes.Data();
  job.length = bytes.ByteLength();
  const std::string format = object.Get("format").As<Napi::String>();
  for (const SampleFormat& known : kSampleFormats) {
    if (format == known.name) job.layout.format = &known;
  }
  job.layout.channels = object.Get("channels").As<Napi::Number>().Uint32Value();
  job.layout.block_align = job.layout.channels * job.layout.format->bytes;
  job.layout.frames = static_cast<uint64_t>(object.Get("frames").As<Napi::Number>().Int64Value());
  job.first_frame = static_cast<uint64_t>(object.Get("firstFrame").As<Napi::Number>().Int64Value());
  job.kind = object.Get("kind").As<Napi::String>().Utf8Value();
  job.parameters = read_doubles(object.Get("parameters"));
  job.key = read_key(object.Get("key"));
  job.sigma = object.Get("sigma").As<Napi::Number>().DoubleValue();
  job.clip = object.Get("clip").As<Napi::Boolean>();
  return job;
}

Napi::Object write_outcome(Napi::Env env, const EtlOutcome& outcome) {
  auto object = Napi::Object::New(env);
  if (outcome.failure) {
    object.Set("failure", write_failure(env, *outcome.failure));
  } else {
    object.Set("figures", write_figures(env, outcome.figures));
  }
  return object;
}

Napi::Object write_outcome(Napi::Env env, const SliceOutcome& outcome) {
  auto object = Napi::Object::New(env);
  if (outcome.failure) {
    object.Set("failure", write_failure(env, *outcome.failure));
  } else {
    object.Set("tally", write_tally(env, outcome.tally));
  }
  return object;
}

}  // namespace noisemill
