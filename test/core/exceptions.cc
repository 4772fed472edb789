// Lets native core and its crew meet exceptions, for exceptions.test.ts, which compiles and runs this with what the addon was built of.
//
//   exceptions thrown FOLDER   kernels throw: prints the kind, who met it, the code and the detail of the failure, parted by tabs
//   exceptions memory FOLDER   of all allocations in the crew's threads the first fails, then the second, and so on until a job is done in
//                              spite of it: prints the number of allocations, of failed jobs and of broken promises, parted by tabs
//
// FOLDER holds in.wav, of several parts.
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/etl.h"
#include "core/slice.h"
#include "crew.h"
#include "simd/kernels.h"

using namespace noisemill;

namespace {

thread_local bool is_main = false;
constexpr size_t kNone = SIZE_MAX;
// Allocations of other threads that succeed before one fails.
std::atomic<size_t> allocations_left{kNone};

void* allocate(size_t bytes, size_t alignment) {
  if (!is_main && allocations_left.load() != kNone && allocations_left.fetch_sub(1) == 0) throw std::bad_alloc();
  void* const memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

EtlJob job_in(const std::string& folder) {
  EtlJob job;
  job.input = folder + "/in.wav";
  job.output = folder + "/out.wav";
  job.temporary = folder + "/.out.tmp";
  Layer& layer = job.noise.layers.emplace_back();
  layer.kind = "gaussian";
  job.overwrite = true;
  layer.level_kind = LevelKind::kSnr;
  layer.level = 0.1;
  return job;
}

// What the crew tells the main thread.
struct Bell {
  std::mutex mutex;
  std::condition_variable rung;
  bool wants_hands = false;
  int settled = 0;
};

class FileWork final : public Work {
 public:
  FileWork(const EtlJob& job, Bell& bell, EtlOutcome& outcome) : bell_(bell), outcome_(outcome), etl_(job, cancel_) {}

  size_t begin() override { return etl_.begin(); }
  void run_part(size_t part, Arena& arena) override { etl_.run_part(part, arena); }
  size_t end_pass() override { return etl_.end_pass(); }
  void cancel() override { cancel_.cancel(); }
  bool is_cancelled() const override { return cancel_.is_cancelled(); }
  void settle() override {
    outcome_ = etl_.take_outcome();
    const std::lock_guard<std::mutex> lock(bell_.mutex);
    bell_.settled++;
    bell_.rung.notify_all();
  }

 private:
  Bell& bell_;
  EtlOutcome& outcome_;
  Cancel cancel_;
  Etl etl_;
};

// Runs a job on two threads of a crew. Returns how often it was settled.
int run_on_crew(const EtlJob& job, EtlOutcome& outcome) {
  Bell bell;
  Crew crew(2, [&bell] {
    const std::lock_guard<std::mutex> lock(bell.mutex);
    bell.wants_hands = true;
    bell.rung.notify_all();
  });
  crew.add({std::make_shared<FileWork>(job, bell, outcome)});
  for (bool is_settled = false; !is_settled;) {
    while (crew.hire(false)) crew.start_thread();
    std::unique_lock<std::mutex> lock(bell.mutex);
    bell.rung.wait(lock, [&] { return bell.wants_hands || bell.settled > 0; });
    bell.wants_hands = false;
    is_settled = bell.settled > 0;
  }
  crew.close();
  return bell.settled;
}

enum class Kind { kLength, kSystem, kNumber };
Kind to_throw;

void* throw_it(const SampleFormat&, uint8_t*, size_t, void*) {
  if (to_throw == Kind::kLength) throw std::length_error("planted");
  if (to_throw == Kind::kSystem) throw std::system_error(std::make_error_code(std::errc::operation_not_permitted), "planted");
  throw 1;
}

SliceOutcome run_one_slice() {
  alignas(8) static uint8_t bytes[4096];
  SliceJob job;
  job.bytes = bytes;
  job.length = sizeof bytes;
  Layer& layer = job.noise.layers.emplace_back();
  layer.kind = "gaussian";
  layer.level = 0.1;
  job.layout.format = &kSampleFormats[0];
  job.layout.channels = 1;
  job.layout.block_align = job.layout.format->bytes;
  job.layout.frames = sizeof bytes / job.layout.format->bytes;
  job.layout.valid_bits = job.layout.format->bits;
  const Cancel cancel;
  Arena arena;
  return run_slice(job, cancel, arena);
}

void tell(const char* kind, const char* who, const std::optional<Failure>& failure) {
  std::printf("%s\t%s\t%s\t%s\n", kind, who, failure ? failure->code.c_str() : "none", failure ? failure->detail.c_str() : "");
}

void meet_thrown(const std::string& folder) {
  Kernels throwing = *available_kernels()[0];
  throwing.decode = throw_it;
  use_kernels(throwing);
  const EtlJob job = job_in(folder);
  const std::pair<Kind, const char*> kinds[] = {{Kind::kLength, "length_error"}, {Kind::kSystem, "system_error"}, {Kind::kNumber, "int"}};
  for (const auto& [kind, name] : kinds) {
    to_throw = kind;
    tell(name, "slice", run_one_slice().failure);
    EtlOutcome outcome;
    const int settled = run_on_crew(job, outcome);
    tell(name, settled == 1 ? "crew" : "crew, settled more than once", outcome.failure);
  }
}

void meet_short_memory(const std::string& folder) {
  const EtlJob job = job_in(folder);
  size_t failed = 0;
  size_t broken = 0;
  for (size_t nth = 0;; nth++) {
    std::remove(job.output.c_str());
    allocations_left = nth;
    EtlOutcome outcome;
    const int settled = run_on_crew(job, outcome);
    const bool is_done = allocations_left.exchange(kNone) <= nth;
    if (outcome.failure) failed++;
    if (settled != 1 || os::name_exists(job.temporary)) broken++;
    if (os::name_exists(job.output) == outcome.failure.has_value()) broken++;
    if (outcome.failure && outcome.failure->code != "E_NO_MEMORY") broken++;
    if (!is_done) continue;
    if (outcome.failure) broken++;
    std::printf("%zu\t%zu\t%zu\n", nth, failed, broken);
    return;
  }
}

}  // namespace

void* operator new(size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
void* operator new(size_t bytes, std::align_val_t alignment) { return allocate(bytes, static_cast<size_t>(alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }

int main(int, char** arguments) {
  is_main = true;
  if (arguments[1] == std::string("thrown")) meet_thrown(arguments[2]);
  else meet_short_memory(arguments[2]);
  return 0;
}
