#include "batch.h"

#include <atomic>
#include <chrono>
#include <cfenv>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/etl.h"
#include "simd/kernels.h"

namespace noisemill {

namespace {

using CancelFlag = std::shared_ptr<std::atomic<bool>>;

// Noise is computed in the default floating-point environment (rounding to nearest, no flush to zero), whatever the thread
// was left in by others.
class DefaultFloatEnvironment {
 public:
  DefaultFloatEnvironment() {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloatEnvironment() { std::fesetenv(&saved_); }

 private:
  std::fenv_t saved_;
};

// A path is a string, or a Uint8Array where its bytes are not UTF-8.
std::string read_path(Napi::Value value) {
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  const auto bytes = value.As<Napi::Uint8Array>();
  return std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
}

EtlJob read_job(Napi::Object object) {
  EtlJob job;
  job.input = read_path(object.Get("input"));
  job.output = read_path(object.Get("output"));
  job.temporary = read_path(object.Get("temporary"));
  job.overwrite = object.Get("overwrite").As<Napi::Boolean>();
  job.dry_run = object.Get("dryRun").As<Napi::Boolean>();
  job.kind = object.Get("kind").As<Napi::String>().Utf8Value();
  const auto parameters = object.Get("parameters").As<Napi::Float64Array>();
  job.parameters.assign(parameters.Data(), parameters.Data() + parameters.ElementLength());
  const auto key = object.Get("key").As<Napi::Object>();
  job.key.low = key.Get("low").As<Napi::Number>().Uint32Value();
  job.key.high = key.Get("high").As<Napi::Number>().Uint32Value();
  const std::string level_kind = object.Get("levelKind").As<Napi::String>();
  job.level_kind = level_kind == "snr" ? LevelKind::kSnr : LevelKind::kSigma;
  job.level = object.Get("level").As<Napi::Number>().DoubleValue();
  job.clip = object.Get("clip").As<Napi::Boolean>();
  return job;
}

Napi::Object write_failure(Napi::Env env, const Failure& failure) {
  auto object = Napi::Object::New(env);
  object.Set("code", failure.code);
  object.Set("detail", failure.detail);
  // The number, negative as libuv has it; lib/backends/native.ts gives it its name.
  object.Set("errno", -failure.error_number);
  return object;
}

Napi::Object write_figures(Napi::Env env, const EtlFigures& figures) {
  auto object = Napi::Object::New(env);
  const auto set = [&](const char* name, auto value) { object.Set(name, Napi::Number::New(env, static_cast<double>(value))); };
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

Napi::Object write_outcome(Napi::Env env, const EtlOutcome& outcome) {
  auto object = Napi::Object::New(env);
  if (outcome.failure) {
    object.Set("failure", write_failure(env, *outcome.failure));
  } else {
    object.Set("figures", write_figures(env, outcome.figures));
  }
  return object;
}

struct Settled {
  uint32_t index;
  EtlOutcome outcome;
};

// Where outcomes wait for the JS thread. One wake-up is under way at most: those that finish meanwhile go with it.
class SettledQueue {
 public:
  // True if the JS thread must be woken for it.
  bool push(Settled settled) {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_back(std::move(settled));
    return !std::exchange(wake_under_way_, true);
  }

  std::vector<Settled> take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    wake_under_way_ = false;
    return std::exchange(waiting_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Settled> waiting_;
  bool wake_under_way_ = false;
};

void deliver(Napi::Env env, Napi::Function on_settled, SettledQueue& queue) {
  for (const Settled& settled : queue.take()) {
    const Napi::HandleScope scope(env);
    on_settled.Call({Napi::Number::New(env, settled.index), write_outcome(env, settled.outcome)});
    if (env.IsExceptionPending()) return;
  }
}

class Batch final : public Napi::AsyncWorker {
 public:
  Batch(Napi::Env env, std::vector<EtlJob> jobs, CancelFlag cancelled, Napi::Function on_settled)
      : Napi::AsyncWorker(env),
        jobs_(std::move(jobs)),
        cancelled_(std::move(cancelled)),
        deferred_(Napi::Promise::Deferred::New(env)),
        on_settled_(Napi::Persistent(on_settled)),
        wake_(Napi::ThreadSafeFunction::New(env, on_settled, "noisemill batch", 0, 1)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  // On a thread of the libuv pool: no Napi value is touched here.
  void Execute() override {
    const DefaultFloatEnvironment environment;
    const auto started = std::chrono::steady_clock::now();
    for (uint32_t index = 0; index < jobs_.size(); index++) {
      if (!queue_->push({index, run_etl(jobs_[index], *cancelled_)})) continue;
      // Fails only where the environment is on its way out; then nobody is left to tell.
      wake_.NonBlockingCall([queue = queue_](Napi::Env env, Napi::Function on_settled) { deliver(env, on_settled, *queue); });
    }
    milliseconds_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count();
  }

  void OnOK() override {
    deliver(Env(), on_settled_.Value(), *queue_);
    wake_.Release();
    deferred_.Resolve(Napi::Number::New(Env(), milliseconds_));
  }

 private:
  std::vector<EtlJob> jobs_;
  CancelFlag cancelled_;
  Napi::Promise::Deferred deferred_;
  Napi::FunctionReference on_settled_;
  Napi::ThreadSafeFunction wake_;
  double milliseconds_ = 0;
  // Shared, because a wake-up may still be queued when the batch is gone.
  std::shared_ptr<SettledQueue> queue_ = std::make_shared<SettledQueue>();
};

Napi::Value create_cancel(const Napi::CallbackInfo& info) {
  return Napi::External<CancelFlag>::New(info.Env(), new CancelFlag(std::make_shared<std::atomic<bool>>(false)),
                                         [](Napi::Env, CancelFlag* flag) { delete flag; });
}

void cancel(const Napi::CallbackInfo& info) { **info[0].As<Napi::External<CancelFlag>>().Data() = true; }

Napi::Value run_batch(const Napi::CallbackInfo& info) {
  const auto array = info[0].As<Napi::Array>();
  std::vector<EtlJob> jobs;
  jobs.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); i++) jobs.push_back(read_job(array.Get(i).As<Napi::Object>()));
  const CancelFlag flag = *info[1].As<Napi::External<CancelFlag>>().Data();
  // Deletes itself when it is done.
  auto* batch = new Batch(info.Env(), std::move(jobs), flag, info[2].As<Napi::Function>());
  const Napi::Promise promise = batch->promise();
  batch->Queue();
  return promise;
}

// The noise alone, for tests and benchmarks: blocks of one channel from `block` on into a Float32Array of whole blocks.
void fill_noise(const Napi::CallbackInfo& info) {
  const NoiseKind* kind = find_noise_kind(info[0].As<Napi::String>().Utf8Value().c_str());
  const FileKey key = {info[1].As<Napi::Number>().Uint32Value(), info[2].As<Napi::Number>().Uint32Value()};
  const uint32_t channel = info[3].As<Napi::Number>().Uint32Value();
  uint64_t block = static_cast<uint64_t>(info[4].As<Napi::Number>().Int64Value());
  auto out = info[5].As<Napi::Float32Array>();
  std::vector<uint32_t> state(kind->state_words);
  for (size_t at = 0; at + kBlockFrames <= out.ElementLength(); at += kBlockFrames, block++) {
    kind->seed(state.data(), key, channel, block, nullptr);
    kind->fill(state.data(), out.Data() + at, kBlockFrames);
  }
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

Napi::Object init_batch(Napi::Env env, Napi::Object exports) {
  exports.Set("instructionSets", Napi::Function::New(env, instruction_sets));
  exports.Set("useInstructionSet", Napi::Function::New(env, use_instruction_set));
  exports.Set("fillNoise", Napi::Function::New(env, fill_noise));
  exports.Set("createCancel", Napi::Function::New(env, create_cancel));
  exports.Set("cancel", Napi::Function::New(env, cancel));
  exports.Set("runBatch", Napi::Function::New(env, run_batch));
  return exports;
}

}  // namespace noisemill
