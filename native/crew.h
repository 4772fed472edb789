// Threads that take work from one queue. This file knows nothing of JavaScript. The caller decides
// when, and on which threads, `drive` runs.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/arena.h"

namespace noisemill {

// Work for a crew: passes over parts that several threads can run at the same time. See Etl. No
// member may throw, because a thread has no caller to report to.
class Work {
 public:
  Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  virtual ~Work() = default;
  // Begins the work. Returns the number of parts of the first pass.
  virtual size_t begin() = 0;
  virtual void run_part(size_t part, Arena& arena) = 0;
  // Called after the last part of a pass. Returns the number of parts of the next pass; 0 if the
  // work has ended.
  virtual size_t end_pass() = 0;
  // Reports the outcome. Called once, on the thread that ended the work.
  virtual void settle() = 0;
  // Makes the remaining work end soon. Any thread may call it.
  virtual void cancel() = 0;
  virtual bool is_cancelled() const = 0;

 private:
  friend class Crew;

  // The state of the pass, which the crew's lock guards.
  size_t parts_ = 0;
  size_t next_part_ = 0;
  size_t parts_running_ = 0;
};

class Crew {
 public:
  // At most `size` threads work at the same time. A thread calls `wake_owner` when another thread
  // could share its work, and when it has found nothing more to take. The owner must then call
  // `hire`, and may add work.
  Crew(size_t size, std::function<void()> wake_owner);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void add(const std::vector<std::shared_ptr<Work>>& works);

  // Hires one more thread if it would be of use, and returns whether it did. That thread must then
  // call `drive`. A guest is a libuv thread; it may start late if libuv's pool is busy.
  bool hire(bool guest);
  // Works until there is nothing left to take. Call it on a hired thread.
  void drive(bool guest);
  // Stops counting on guests that have not started; they may still start. Returns whether there
  // were any.
  bool give_up_guests();
  // Makes one of the crew's own threads call `drive` after a `hire`: an idle one if there is one, or
  // else a new one. Returns false if the system cannot start one.
  bool start_thread();
  // Takes back a hire whose thread cannot start, unless it is the only one. Returns whether it did.
  bool take_back();

  // Settles work that was cancelled before it began. This thread does it at once, because all
  // others may be busy.
  void settle_cancelled();

  // Drops work that has not begun, ends work in progress soon, and waits for the crew's own
  // threads. Nothing can be added afterwards.
  void close();

 private:
  struct Taken {
    std::shared_ptr<Work> work;
    bool has_begun;
  };

  // Body of the crew's own threads: calls `drive`, then waits a limited time for the next call.
  void run_own_thread();
  // Returns nothing if there is nothing to take. The thread has then left.
  std::optional<Taken> take();
  void work_on(const Taken& taken, Arena& arena);
  // Runs parts until none is left to take. A thread that only helps also stops when there is new
  // work. Returns whether this thread ended the pass.
  bool run_parts(Work& work, Arena& arena, bool helps);
  void open_pass(Work& work, size_t parts);
  void forget(const Work& work);
  // Returns the number of works and parts that a thread could take. The caller holds the lock.
  size_t takeable() const;
  // Whether one more thread would be of use. The caller holds the lock.
  bool has_use_for_one_more() const;

  const size_t size_;
  const std::function<void()> wake_owner_;
  std::mutex mutex_;
  // Threads allocate no memory when they change these, because memory may be short. `active_` has
  // room for one work per thread.
  std::deque<std::shared_ptr<Work>> queued_;
  std::vector<std::shared_ptr<Work>> active_;
  // Number of threads that were hired and have not left.
  size_t hired_ = 0;
  // How many of these have not started yet, guests included.
  size_t arriving_ = 0;
  size_t guests_arriving_ = 0;
  bool closed_ = false;
  // The crew's own threads, and the ids of those that have left and must be joined.
  std::vector<std::thread> own_;
  std::vector<std::thread::id> left_;
  // How many of the crew's own threads are idle, and how many of these were called and have not
  // woken up yet.
  size_t idle_ = 0;
  size_t called_ = 0;
  std::condition_variable called_or_closed_;
};

}  // namespace noisemill
