#include "batch.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/failure.h"
#include "crew.h"
#include "libuv.h"
#include "values.h"

namespace noisemill {

namespace {

// How long the JS thread delivers outcomes at a time.
constexpr std::chrono::milliseconds kTimeBudget{4};
// Most outcomes in one call of JavaScript, between two looks at the clock.
constexpr size_t kGroupJobs = 64;

using SharedCancel = std::shared_ptr<Cancel>;

class CrewHandle;
void on_wake(Napi::Env env, Napi::Function, CrewHandle* crew, void*);
using Wake = Napi::TypedThreadSafeFunction<CrewHandle, void, on_wake>;

// A job of a batch. When it has settled, the JS thread takes its outcome from it.
class BatchWork : public Work {
 public:
  void cancel() override { cancel_->cancel(); }
  bool is_cancelled() const override { return cancel_->is_cancelled(); }

  uint64_t batch() const { return batch_; }
  uint32_t index() const { return index_; }
  // Time that the job took on its thread.
  double milliseconds() const { return milliseconds_; }

 protected:
  // Hands the job to the JS thread. It allocates no memory, so it cannot fail.
  void report(double milliseconds);
  const Cancel& cancellation() const { return *cancel_; }

 private:
  friend class Mailbox;
  template <typename WorkOf>
  friend class JobsOf;

  uint64_t batch_ = 0;
  uint32_t index_ = 0;
  double milliseconds_ = 0;
  Cancel* cancel_ = nullptr;
  class Mailbox* mailbox_ = nullptr;
  // The job that settled next, in the mailbox.
  BatchWork* next_ = nullptr;
};

// Channel from a crew's threads to the JS thread. It carries settled jobs and requests for more
// threads. At most one wake-up is pending, and it also delivers what arrives in the meantime. After
// a delivery, JavaScript looks again by itself a little later. Until it finds nothing then, settled
// jobs wake nobody: a wake-up for each of many short files would cost more than the rest of its
// report.
class Mailbox {
 public:
  explicit Mailbox(Wake wake) : wake_(std::move(wake)) {}

  // The job must exist until it is delivered, or until `close`. It allocates no memory.
  void post(BatchWork& settled) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return;
    (last_ == nullptr ? first_ : last_->next_) = &settled;
    last_ = &settled;
    if (!looks_again_) wake();
  }

  void request_wake_up() {
    const std::lock_guard<std::mutex> lock(mutex_);
    wake();
  }

  // Moves all settled jobs to the end of the list.
  void take(std::deque<BatchWork*>& settled) {
    const std::lock_guard<std::mutex> lock(mutex_);
    wake_under_way_ = false;
    looks_again_ = first_ != nullptr;
    for (BatchWork* work = first_; work != nullptr; work = work->next_) settled.push_back(work);
    first_ = last_ = nullptr;
  }

  // Ends all wake-ups of the JS thread.
  void close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!std::exchange(closed_, true)) wake_.Abort();
    first_ = last_ = nullptr;
  }

  // Sets whether the process stays alive for outcomes that are still to come. Call it on the JS
  // thread.
  void keep_alive(Napi::Env env, bool keep) {
    if (!closed_) keep ? wake_.Ref(env) : wake_.Unref(env);
  }

 private:
  void wake() {
    if (!closed_ && !std::exchange(wake_under_way_, true)) wake_.NonBlockingCall();
  }

  Wake wake_;
  std::mutex mutex_;
  BatchWork* first_ = nullptr;
  BatchWork* last_ = nullptr;
  bool wake_under_way_ = false;
  bool looks_again_ = false;
  bool closed_ = false;
};

void BatchWork::report(double milliseconds) {
  milliseconds_ = milliseconds;
  mailbox_->post(*this);
}

class FileWork final : public BatchWork {
 public:
  using Jobs = PackedFiles;
  using Outcome = EtlOutcome;

  void set_job(const PackedFiles& jobs) { jobs_ = &jobs; }
  const EtlOutcome& outcome() const { return outcome_; }

  size_t begin() override {
    try {
      running_ = std::make_unique<Running>(jobs_->job(index()), cancellation());
    } catch (...) {
      outcome_.failure = caught_failure();
      return 0;
    }
    return running_->etl.begin();
  }
  void run_part(size_t part, Arena& arena) override { running_->etl.run_part(part, arena); }
  size_t end_pass() override { return running_->etl.end_pass(); }
  void settle() override {
    if (running_) outcome_ = running_->etl.take_outcome();
    running_.reset();
    report(outcome_.figures.seconds * 1000);
  }

 private:
  struct Running {
    Running(EtlJob job, const Cancel& cancel) : job(std::move(job)), etl(this->job, cancel) {}
    const EtlJob job;
    Etl etl;
  };

  const PackedFiles* jobs_ = nullptr;
  std::unique_ptr<Running> running_;
  EtlOutcome outcome_;
};

class SliceWork final : public BatchWork {
 public:
  using Jobs = std::vector<SliceJob>;
  using Outcome = SliceOutcome;

  void set_job(const std::vector<SliceJob>& jobs) { job_ = &jobs[index()]; }
  const SliceOutcome& outcome() const { return outcome_; }

  size_t begin() override { return 1; }
  void run_part(size_t, Arena& arena) override {
    const auto started = std::chrono::steady_clock::now();
    outcome_ = run_slice(*job_, cancellation(), arena);
    milliseconds_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count();
  }
  size_t end_pass() override { return 0; }
  void settle() override { report(milliseconds_); }

 private:
  const SliceJob* job_ = nullptr;
  SliceOutcome outcome_;
  double milliseconds_ = 0;
};

// The jobs of a batch, which the JS thread and the crew's threads share.
class Jobs {
 public:
  virtual ~Jobs() = default;
  virtual std::vector<std::shared_ptr<Work>> works(std::shared_ptr<Jobs> self) = 0;
  // Makes the arguments with which JavaScript gets the outcomes of some jobs.
  virtual std::vector<napi_value> write(Napi::Env env, const std::vector<const BatchWork*>& settled) const = 0;
};

// All works of a batch are in one piece of memory: one for each would cost the JS thread as much
// as the rest of its part in a short file's job.
template <typename WorkOf>
class JobsOf final : public Jobs {
 public:
  JobsOf(typename WorkOf::Jobs jobs, uint64_t batch, const SharedCancel& cancel, const std::shared_ptr<Mailbox>& mailbox)
      : jobs_(std::move(jobs)), cancel_(cancel), mailbox_(mailbox), works_(jobs_.size()) {
    for (uint32_t index = 0; index < works_.size(); index++) {
      WorkOf& work = works_[index];
      work.batch_ = batch;
      work.index_ = index;
      work.cancel_ = cancel_.get();
      work.mailbox_ = mailbox_.get();
      work.set_job(jobs_);
    }
  }

  std::vector<std::shared_ptr<Work>> works(std::shared_ptr<Jobs> self) override {
    std::vector<std::shared_ptr<Work>> works;
    works.reserve(works_.size());
    for (WorkOf& work : works_) works.emplace_back(self, &work);
    return works;
  }

  std::vector<napi_value> write(Napi::Env env, const std::vector<const BatchWork*>& settled) const override {
    std::vector<Settled<typename WorkOf::Outcome>> group;
    group.reserve(settled.size());
    for (const BatchWork* work : settled) group.push_back({work->index(), &static_cast<const WorkOf*>(work)->outcome()});
    return write_outcomes(env, group);
  }

 private:
  const typename WorkOf::Jobs jobs_;
  const SharedCancel cancel_;
  const std::shared_ptr<Mailbox> mailbox_;
  std::vector<WorkOf> works_;
};

// The crew as JavaScript holds it, with its batches in progress. Only the JS thread uses it. Other
// threads know only its mailbox.
class CrewHandle {
 public:
  CrewHandle(Napi::Env env, size_t size, size_t libuv_limit)
      : libuv_limit_(libuv_limit),
        mailbox_(std::make_shared<Mailbox>(Wake::New(env, "noisemill", 0, 1, this))),
        crew_(std::make_shared<Crew>(size, [mailbox = mailbox_] { mailbox->request_wake_up(); })) {
    mailbox_->keep_alive(env, false);
  }
  ~CrewHandle() { close(); }

  // Runs `jobs`, each as a WorkOf. `kept` is what JavaScript must not collect in the meantime: this
  // crew, and the memory that jobs work on.
  template <typename WorkOf>
  Napi::Promise run(Napi::Env env, typename WorkOf::Jobs packed, const SharedCancel& cancel, Napi::Function on_settled,
                    Napi::Object kept) {
    // Napi::Promise::Deferred would not report that the promise could not be created.
    napi_deferred deferred;
    napi_value promise;
    if (napi_create_promise(env, &deferred, &promise) != napi_ok) throw EnvironmentEnded{};
    const size_t size = packed.size();
    if (size == 0) {
      napi_resolve_deferred(env, deferred, Napi::Number::New(env, 0));
      return Napi::Promise(env, promise);
    }
    const uint64_t id = ++last_batch_;
    const auto jobs = std::make_shared<JobsOf<WorkOf>>(std::move(packed), id, cancel, mailbox_);
    batches_.emplace(id, Batch{deferred, Napi::Persistent(on_settled), Napi::Persistent(kept), jobs, size});
    mailbox_->keep_alive(env, true);
    crew_->add(jobs->works(jobs));
    hire(env, libuv_limit_);
    return Napi::Promise(env, promise);
  }

  // Delivers outcomes to JavaScript, and hires as many threads as are of use.
  void deliver(Napi::Env env) {
    mailbox_->take(undelivered_);
    const auto end = std::chrono::steady_clock::now() + kTimeBudget;
    while (!undelivered_.empty()) {
      // Other code on this thread gets its turn too.
      if (std::chrono::steady_clock::now() > end) {
        mailbox_->request_wake_up();
        break;
      }
      const std::vector<const BatchWork*> group = take_group();
      const uint64_t id = group.front()->batch();
      const Napi::HandleScope scope(env);
      const Batch& settled = batches_.at(id);
      const Napi::Value on_settled = settled.on_settled.Value();
      on_settled.As<Napi::Function>().Call(settled.jobs->write(env, group));
      // The callback may have ended the process, and the crew with it.
      if (env.IsExceptionPending() || batches_.empty()) return;
      Batch& batch = batches_.at(id);
      for (const BatchWork* work : group) batch.milliseconds += work->milliseconds();
      batch.remaining -= group.size();
      if (batch.remaining > 0) continue;
      napi_resolve_deferred(env, batch.deferred, Napi::Number::New(env, batch.milliseconds));
      batches_.erase(id);
    }
    if (batches_.empty()) mailbox_->keep_alive(env, false);
    hire(env, libuv_limit_);
  }

  // Replaces libuv threads that have not started with threads of the crew's own, because other code
  // may hold libuv's threads for long.
  void relieve(Napi::Env env) {
    if (crew_->give_up_guests()) hire(env, 0);
  }

  void cancel(const SharedCancel& cancel) {
    cancel->cancel();
    crew_->settle_cancelled();
  }

  // Ends everything, because the process or environment is ending or JavaScript no longer holds the
  // crew.
  void close() {
    crew_->close();
    mailbox_->close();
    undelivered_.clear();
    batches_.clear();
  }

 private:
  struct Batch {
    napi_deferred deferred;
    Napi::FunctionReference on_settled;
    Napi::ObjectReference kept;
    // Settled jobs are in it until they are delivered.
    std::shared_ptr<const Jobs> jobs;
    size_t remaining;
    double milliseconds = 0;
  };

  // Takes the next settled jobs of one batch, and puts them in their order in the batch. They settle
  // nearly in that order.
  std::vector<const BatchWork*> take_group() {
    const uint64_t batch = undelivered_.front()->batch();
    std::vector<const BatchWork*> group;
    while (group.size() < kGroupJobs && !undelivered_.empty() && undelivered_.front()->batch() == batch) {
      group.push_back(undelivered_.front());
      undelivered_.pop_front();
    }
    std::sort(group.begin(), group.end(), [](const auto* one, const auto* other) { return one->index() < other->index(); });
    return group;
  }

  void hire(Napi::Env env, size_t libuv_limit) {
    for (;;) {
      const bool on_libuv = LibuvShare::take(libuv_limit);
      if (!crew_->hire(on_libuv)) {
        if (on_libuv) LibuvShare::give_back();
        return;
      }
      if (on_libuv) {
        run_on_libuv(env, [crew = crew_] {
          crew->drive(true);
          LibuvShare::give_back();
        });
      } else if (!crew_->start_thread()) {
        // The system cannot start another thread, so the existing ones do the work. If there are
        // none, a libuv thread does it, however late.
        if (crew_->take_back()) return;
        run_on_libuv(env, [crew = crew_] { crew->drive(false); });
      }
    }
  }

  const size_t libuv_limit_;
  const std::shared_ptr<Mailbox> mailbox_;
  std::deque<BatchWork*> undelivered_;
  const std::shared_ptr<Crew> crew_;
  std::unordered_map<uint64_t, Batch> batches_;
  uint64_t last_batch_ = 0;
};

void on_wake(Napi::Env env, Napi::Function, CrewHandle* crew, void*) {
  // `env` is null if the call was pending when the mailbox closed.
  if (env == nullptr) return;
  try {
    crew->deliver(env);
  } catch (const EnvironmentEnded&) {
  }
}

void close_crew(void* crew) { static_cast<CrewHandle*>(crew)->close(); }

Napi::Value create_crew(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto* crew = new CrewHandle(env, info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::Number>().Uint32Value());
  // Node calls this hook after libuv's threads have finished. It does not wait for the crew's own
  // threads.
  napi_add_env_cleanup_hook(env, close_crew, crew);
  return Napi::External<CrewHandle>::New(env, crew, [](Napi::Env env, CrewHandle* crew) {
    napi_remove_env_cleanup_hook(env, close_crew, crew);
    delete crew;
  });
}

// Returns what an External holds. An environment that is ending may have failed to create it.
// JavaScript then passes `undefined` instead.
template <typename T>
T& held_by(const Napi::Value& external) {
  if (!external.IsExternal()) throw EnvironmentEnded{};
  return *external.As<Napi::External<T>>().Data();
}

// Calls a function. If the environment has ended, it returns nothing, because nobody can receive an
// error.
template <Napi::Value (*call)(const Napi::CallbackInfo&)>
Napi::Value unless_ended(const Napi::CallbackInfo& info) {
  try {
    return call(info);
  } catch (const EnvironmentEnded&) {
    return {};
  }
}

Napi::Value relieve_crew(const Napi::CallbackInfo& info) {
  held_by<CrewHandle>(info[0]).relieve(info.Env());
  return {};
}

Napi::Value deliver(const Napi::CallbackInfo& info) {
  held_by<CrewHandle>(info[0]).deliver(info.Env());
  return {};
}

Napi::Value close_crew_now(const Napi::CallbackInfo& info) {
  held_by<CrewHandle>(info[0]).close();
  return {};
}

// Arguments: the crew, the jobs, what createCancel returned, on_settled.
template <typename WorkOf>
Napi::Value run_jobs(const Napi::CallbackInfo& info, typename WorkOf::Jobs jobs) {
  auto kept = Napi::Array::New(info.Env(), 2);
  if (kept.IsEmpty()) throw EnvironmentEnded{};
  kept.Set(0u, info[0]);
  kept.Set(1u, info[1]);
  return held_by<CrewHandle>(info[0]).run<WorkOf>(info.Env(), std::move(jobs), held_by<SharedCancel>(info[2]),
                                                  info[3].As<Napi::Function>(), kept);
}

Napi::Value run_files(const Napi::CallbackInfo& info) {
  return run_jobs<FileWork>(info, PackedFiles(info[1].As<Napi::Object>()));
}

Napi::Value run_slices(const Napi::CallbackInfo& info) {
  return run_jobs<SliceWork>(info, read_slice_jobs(info[1].As<Napi::Object>()));
}

Napi::Value create_cancel(const Napi::CallbackInfo& info) {
  return Napi::External<SharedCancel>::New(info.Env(), new SharedCancel(std::make_shared<Cancel>()),
                                           [](Napi::Env, SharedCancel* cancel) { delete cancel; });
}

Napi::Value cancel(const Napi::CallbackInfo& info) {
  held_by<CrewHandle>(info[0]).cancel(held_by<SharedCancel>(info[1]));
  return {};
}

// Returns the time of the clock that `cancel_at` uses, in nanoseconds.
Napi::Value now(const Napi::CallbackInfo& info) {
  const std::chrono::nanoseconds time = Cancel::Clock::now().time_since_epoch();
  return Napi::BigInt::New(info.Env(), static_cast<int64_t>(time.count()));
}

// Arguments: what createCancel returned, and a time of `now`.
Napi::Value cancel_at(const Napi::CallbackInfo& info) {
  bool lossless = false;
  const std::chrono::nanoseconds time(info[1].As<Napi::BigInt>().Int64Value(&lossless));
  held_by<SharedCancel>(info[0])->cancel_at(
      Cancel::Clock::time_point(std::chrono::duration_cast<Cancel::Clock::duration>(time)));
  return {};
}

Napi::Value measure_pool(const Napi::CallbackInfo& info) {
  const size_t most = info[0].As<Napi::Number>().Uint32Value();
  return Napi::Number::New(info.Env(), static_cast<double>(measure_libuv_pool(info.Env(), most)));
}

}  // namespace

Napi::Object init_batch(Napi::Env env, Napi::Object exports) {
  exports.Set("contract", contract(env));
  exports.Set("measureLibuvPool", Napi::Function::New(env, measure_pool));
  exports.Set("createCrew", Napi::Function::New(env, create_crew));
  exports.Set("deliver", Napi::Function::New(env, unless_ended<deliver>));
  exports.Set("relieveCrew", Napi::Function::New(env, unless_ended<relieve_crew>));
  exports.Set("closeCrew", Napi::Function::New(env, unless_ended<close_crew_now>));
  exports.Set("createCancel", Napi::Function::New(env, create_cancel));
  exports.Set("cancel", Napi::Function::New(env, unless_ended<cancel>));
  exports.Set("now", Napi::Function::New(env, now));
  exports.Set("cancelAt", Napi::Function::New(env, unless_ended<cancel_at>));
  exports.Set("runFiles", Napi::Function::New(env, unless_ended<run_files>));
  exports.Set("runSlices", Napi::Function::New(env, unless_ended<run_slices>));
  return exports;
}

}  // namespace noisemill
