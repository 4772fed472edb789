#include "crew.h"

#include <algorithm>
#include <cfenv>
#include <chrono>
#include <system_error>
#include <utility>

namespace noisemill {

namespace {

// How long a thread without work waits for more. Starting a thread for each batch would cost the JS
// thread more time than short files do. An unused pool must not keep its threads.
constexpr std::chrono::milliseconds kIdleTime{100};

// Sets the default floating-point environment (round to nearest, no flush to zero), in which noise
// must be computed. Other code may have changed it on this thread.
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

}  // namespace

Crew::Crew(size_t size, std::function<void()> wake_owner) : size_(size), wake_owner_(std::move(wake_owner)) {
  active_.reserve(size);
}

Crew::~Crew() { close(); }

void Crew::add(const std::vector<std::shared_ptr<Work>>& works) {
  const std::lock_guard<std::mutex> lock(mutex_);
  queued_.insert(queued_.end(), works.begin(), works.end());
}

size_t Crew::takeable() const {
  size_t count = queued_.size();
  for (const auto& work : active_) count += work->parts_ - work->next_part_;
  return count;
}

bool Crew::has_use_for_one_more() const {
  // Each hired thread that has not started yet will take one of the takeable works or parts.
  return !closed_ && hired_ < size_ && takeable() > arriving_;
}

bool Crew::hire(bool guest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!has_use_for_one_more()) return false;
  hired_++;
  arriving_++;
  if (guest) guests_arriving_++;
  return true;
}

bool Crew::give_up_guests() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const size_t guests = std::exchange(guests_arriving_, 0);
  hired_ -= guests;
  arriving_ -= guests;
  return guests > 0;
}

bool Crew::start_thread() {
  std::vector<std::thread> done;
  bool started = true;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_ > called_) {
      called_++;
      called_or_closed_.notify_one();
      return true;
    }
    for (const std::thread::id id : std::exchange(left_, {})) {
      const auto found = std::find_if(own_.begin(), own_.end(), [&](const std::thread& own) { return own.get_id() == id; });
      done.push_back(std::move(*found));
      own_.erase(found);
    }
    // Reserved here, so that a thread allocates no memory when it leaves.
    left_.reserve(own_.size() + 1);
    try {
      own_.emplace_back([this] { run_own_thread(); });
    } catch (const std::system_error&) {
      started = false;
    }
  }
  for (std::thread& thread : done) thread.join();
  return started;
}

void Crew::run_own_thread() {
  for (;;) {
    drive(false);
    std::unique_lock<std::mutex> lock(mutex_);
    idle_++;
    called_or_closed_.wait_for(lock, kIdleTime, [this] { return called_ > 0 || closed_; });
    idle_--;
    if (closed_ || called_ == 0) {
      left_.push_back(std::this_thread::get_id());
      return;
    }
    called_--;
  }
}

bool Crew::take_back() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (hired_ == 1) return false;
  hired_--;
  arriving_--;
  return true;
}

void Crew::drive(bool guest) {
  const DefaultFloatEnvironment environment;
  Arena arena;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (guest && guests_arriving_ == 0) {
      // This guest was given up, and others may have been hired in its place.
      if (!has_use_for_one_more()) return;
      hired_++;
    } else {
      arriving_--;
      if (guest) guests_arriving_--;
    }
  }
  while (const std::optional<Taken> taken = take()) work_on(*taken, arena);
  wake_owner_();
}

// Takes new work first, and only then parts of work in progress. Several threads write several
// files faster than they write parts of one file.
std::optional<Crew::Taken> Crew::take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!queued_.empty()) {
    const std::shared_ptr<Work> work = std::move(queued_.front());
    queued_.pop_front();
    active_.push_back(work);
    return Taken{work, false};
  }
  for (const auto& work : active_) {
    if (work->next_part_ < work->parts_) return Taken{work, true};
  }
  hired_--;
  return std::nullopt;
}

void Crew::work_on(const Taken& taken, Arena& arena) {
  Work& work = *taken.work;
  // The thread that ends a pass continues with the next pass and stays with it.
  bool has_begun = taken.has_begun;
  for (bool helps = has_begun; !has_begun || run_parts(work, arena, helps); helps = false) {
    const size_t parts = has_begun ? work.end_pass() : work.begin();
    has_begun = true;
    if (parts == 0) {
      work.settle();
      forget(work);
      return;
    }
    open_pass(work, parts);
  }
}

void Crew::open_pass(Work& work, size_t parts) {
  bool has_room;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    work.parts_ = parts;
    work.next_part_ = 0;
    has_room = hired_ < size_;
  }
  if (parts > 1 && has_room) wake_owner_();
}

bool Crew::run_parts(Work& work, Arena& arena, bool helps) {
  std::unique_lock<std::mutex> lock(mutex_);
  bool ended_pass = false;
  while (work.next_part_ < work.parts_ && !(helps && !queued_.empty())) {
    const size_t part = work.next_part_++;
    work.parts_running_++;
    lock.unlock();
    work.run_part(part, arena);
    lock.lock();
    work.parts_running_--;
    ended_pass = work.parts_running_ == 0 && work.next_part_ == work.parts_;
  }
  return ended_pass;
}

void Crew::forget(const Work& work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  active_.erase(std::find_if(active_.begin(), active_.end(), [&](const auto& known) { return known.get() == &work; }));
}

void Crew::settle_cancelled() {
  std::vector<std::shared_ptr<Work>> cancelled;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::deque<std::shared_ptr<Work>> others;
    for (std::shared_ptr<Work>& queued : queued_) {
      if (queued->is_cancelled()) cancelled.push_back(std::move(queued));
      else others.push_back(std::move(queued));
    }
    queued_ = std::move(others);
  }
  Arena arena;
  for (const std::shared_ptr<Work>& work : cancelled) {
    for (size_t parts = work->begin(); parts > 0; parts = work->end_pass()) {
      for (size_t part = 0; part < parts; part++) work->run_part(part, arena);
    }
    work->settle();
  }
}

void Crew::close() {
  std::vector<std::thread> own;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    queued_.clear();
    for (const auto& work : active_) work->cancel();
    own = std::exchange(own_, {});
    left_.clear();
    called_or_closed_.notify_all();
  }
  for (std::thread& thread : own) thread.join();
}

}  // namespace noisemill
