// Threads that take work from one queue. Nothing here knows JavaScript: who calls `drive`, and on what thread, is for others to say.
#pragma once

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

// What a crew works on: passes over parts that several threads can take at once. See Etl. Nothing of it may throw, because threads have
// nobody to tell.
class Work {
 public:
  virtual ~Work() = default;
  // Returns the number of parts of the first pass.
  virtual size_t begin() = 0;
  virtual void run_part(size_t part, Arena& arena) = 0;
  // After the last part of a pass. Returns the number of parts of the next; 0 when the work has ended.
  virtual size_t end_pass() = 0;
  // Called once, on the thread that ended it.
  virtual void settle() = 0;
  // Makes what remains of it end soon. May be called from any thread.
  virtual void cancel() = 0;
  virtual bool is_cancelled() const = 0;
};

class Crew {
 public:
  // At most `size` threads work at the same time. `call_for_hands` is called, from any thread, when work has come up that a
  // further one could share: somebody is then to call `hire`.
  Crew(size_t size, std::function<void()> call_for_hands);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void add(std::vector<std::unique_ptr<Work>> works);

  // Whether one more thread would be of use. If so it is counted in, and must come to `drive`. A guest is somebody else's thread, which
  // comes once it has nothing else to do.
  bool hire(bool guest);
  // Works until nothing is left to take, then leaves: on a thread that was hired.
  void drive(bool guest);
  // Counts no more on guests who have not come yet; they may still. Returns whether there were any.
  bool give_up_guests();
  // Starts a thread of its own for one that was hired. False if the system has none to give.
  bool start_thread();
  // Takes back a hire that nobody will come for, unless there is nobody else to do the work. Returns whether it did.
  bool take_back();

  // Ends what was cancelled before it began, here and now: it need not wait for a thread to say so.
  void settle_cancelled();

  // Drops what has not begun, makes what has begun end soon, and waits for the threads of its own. Nothing can be added after.
  void close();

 private:
  // A work, and once it has begun where its pass is.
  struct Active {
    explicit Active(std::unique_ptr<Work> work) : work(std::move(work)) {}

    const std::unique_ptr<Work> work;
    size_t parts = 0;
    size_t next_part = 0;
    size_t parts_running = 0;
  };

  struct Taken {
    std::shared_ptr<Active> active;
    bool has_begun;
  };

  // Nothing: then the thread has left.
  std::optional<Taken> take();
  void work_on(const Taken& taken, Arena& arena);
  // Runs parts until none is left to take; one who only helps, until there is new work. Returns whether this thread ended the pass.
  bool run_parts(Active& active, Arena& arena, bool helps);
  void open_pass(Active& active, size_t parts);
  void forget(const Active& active);
  // Works and parts that a thread could take, and whether there is room for one more thread. The lock is held.
  size_t takeable() const;
  bool has_use_for_one_more() const;

  const size_t size_;
  const std::function<void()> call_for_hands_;
  std::mutex mutex_;
  // What a thread does with these takes no memory, which it could not be without: `active_` has room for a work of each thread.
  std::deque<std::shared_ptr<Active>> queued_;
  std::vector<std::shared_ptr<Active>> active_;
  // Threads that were hired and have not left; and those of them that have not looked for work yet.
  size_t hired_ = 0;
  size_t arriving_ = 0;
  size_t guests_arriving_ = 0;
  bool closed_ = false;
  // Its own threads, and the ids of those that have left and are to be joined.
  std::vector<std::thread> own_;
  std::vector<std::thread::id> left_;
};

}  // namespace noisemill
