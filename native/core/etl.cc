#include "etl.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "stems.h"

namespace noisemill {

namespace {

// Target size of one read or write of data. The data stay in a level-2 cache between the two.
constexpr size_t kReadBytes = 256 * 1024;
// A head or tail of up to this size is read and written with the data beside it. A short file then
// takes one read and one write.
constexpr size_t kSideBytes = 16 * 1024;
// Bytes of data in a part: enough that giving a part to a thread costs little in comparison.
constexpr uint64_t kPartBytes = 4 * 1024 * 1024;
// A file of up to this size is read in one call.
constexpr uint64_t kShortFileBytes = kReadBytes;
// Bytes that are read first from a longer file. Most headers are shorter.
constexpr uint64_t kHeadBytes = 4096;
// A file of up to this size stays in memory between measuring and writing. A longer one is read
// twice. This bounds the memory of a thread.
constexpr uint64_t kHeldFileBytes = 16 * 1024 * 1024;
// Alignment of the data in memory: the size of the largest vector register.
constexpr size_t kAlignment = 64;
constexpr size_t kPageBytes = 4096;
// Number of warnings that do not come from the header. Room for them is reserved early, because
// nothing may fail once the output has its final name.
constexpr size_t kOwnWarnings = 6;

// Throws a failure if a figure is not what an earlier run recorded.
void check_expected(const char* code, const char* name, double expected, double figure) {
  if (!std::isnan(expected) && expected != figure) throw Failure{code, name};
}

// Returns where in the buffer a read belongs. The read starts at `position` of the file, and
// its data begin `lead` bytes later. The data are then aligned. They are also half a page away from
// the place of the same bytes in the system's page cache. Copies take half as long again if the
// last twelve bits of both addresses are nearly equal (4K aliasing).
size_t place_in_room(uint64_t position, uint64_t lead) {
  const uint64_t data = (position + kPageBytes / 2) % kPageBytes + lead;
  return static_cast<size_t>((data + kAlignment - 1) / kAlignment * kAlignment - lead);
}

// Bytes that a read of `read_bytes` of data needs, wherever it belongs.
constexpr size_t room_bytes(size_t read_bytes) { return read_bytes + 2 * kSideBytes + kPageBytes + kAlignment; }

// The bytes of the stems of a read. They have the head and the tail of the read.
class StemReads {
 public:
  StemReads(const FrameLayout& layout, double gain, size_t read_bytes, Arena& arena)
      : maker(layout, gain, arena),
        clean_room_(arena.take<uint8_t>(room_bytes(read_bytes))),
        noise_room_(arena.take<uint8_t>(room_bytes(read_bytes))) {}

  // Copies a read before noise is added. `at` is its place in the buffer; see place_in_room.
  void take(const uint8_t* bytes, size_t length, size_t at) {
    clean = clean_room_ + at;
    noise = noise_room_ + at;
    std::memcpy(clean, bytes, length);
    std::memcpy(noise, bytes, length);
  }

  // `bytes` is the read, to whose data noise was added.
  void make(const uint8_t* bytes, size_t lead, size_t count) {
    std::memcpy(noise + lead, bytes + lead, count);
    maker.make(clean + lead, noise + lead, count);
  }

  StemMaker maker;
  uint8_t* clean = nullptr;
  uint8_t* noise = nullptr;

 private:
  uint8_t* const clean_room_;
  uint8_t* const noise_room_;
};

}  // namespace

Etl::Etl(const EtlJob& job, const Cancel& cancel) : job_(job), cancel_(cancel), outputs_(job) {}

Etl::~Etl() = default;

template <typename Step>
void Etl::guard(const Step& step) {
  try {
    step();
  } catch (...) {
    Failure failure = caught_failure();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
  }
}

bool Etl::has_failed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return failure_.has_value();
}

size_t Etl::begin() {
  // The clock starts here, because the job may have waited long for its turn.
  started_ = std::chrono::steady_clock::now();
  size_t parts = 0;
  guard([&] {
    if (cancel_.is_cancelled()) throw Failure{"E_CANCELLED", ""};
    const bool measures = job_.noise.measures_signal();
    file_.emplace(job_.input, job_.follow);
    const uint64_t size = file_->size();
    const bool held = size <= kShortFileBytes || ((measures || job_.noise.surveys_mixture()) && size <= kHeldFileBytes);
    file_->hold(static_cast<size_t>(held ? size : std::min(size, kHeadBytes)));
    Readable readable = open_samples(*file_);
    header_ = std::move(readable.header);
    codec_ = readable.codec;
    decoded_ = std::move(readable.decoded);
    if (job_.strict) refuse_warnings(header_.warnings);
    output_size_ = output_size(header_, input().size());
    repairs_ = size_repairs(header_, output_size_);
    check_expected("E_REPLAY_INPUT", "bytesIn", job_.expected.bytes_in, static_cast<double>(size));
    check_expected("E_REPLAY_INPUT", "frames", job_.expected.frames, static_cast<double>(header_.frames));
    if (!job_.free) outputs_.check_names(*file_);
    // Also checked early: nothing is written if there is no such noise.
    check_sample_rate(job_.noise, header_.sample_rate);
    warnings_.reserve(header_.warnings.size() + kOwnWarnings);
    warnings_ = header_.warnings;
    const size_t piece = piece_frames(header_.channels) * header_.block_align;
    read_bytes_ = piece * std::max<size_t>(1, kReadBytes / piece);
    measuring_.emplace(job_.noise, header_, job_.strict);
    parts = start_measuring();
  });
  if (parts == 0) finish();
  return parts;
}

size_t Etl::start_pass(PassSettings settings) {
  settings_ = std::move(settings);
  tally_ = {};
  next_tally_ = 0;
  const uint64_t block = static_cast<uint64_t>(kBlockFrames) * header_.block_align;
  const uint64_t all = std::max<uint64_t>(1, (header_.data_bytes + block - 1) / block);
  const uint64_t blocks = settings_.activity ? all : std::max<uint64_t>(1, kPartBytes / block);
  part_bytes_ = block * blocks;
  return static_cast<size_t>((all + blocks - 1) / blocks);
}

size_t Etl::start_measuring() {
  std::optional<PassSettings> pass = measuring_->next();
  if (pass) return start_pass(std::move(*pass));
  if (measuring_->is_omitted) {
    if (job_.verify) outputs_.check_absent();
    return 0;
  }
  settings_.measured = -1;
  settings_.take = -1;
  settings_.activity = false;
  settings_.levels = measuring_->levels();
  settings_.pass = Pass::kSurvey;
  return job_.noise.surveys_mixture() ? start_pass(settings_) : start_writing();
}

size_t Etl::start_writing() {
  check_expected("E_REPLAY_DIFFERS", "sigma", job_.expected.sigma, total_deviation(measuring_->levels()));
  if (job_.dry_run) return 0;
  outputs_.open(output_size_.size, file_->mode());
  settings_.pass = Pass::kWrite;
  return start_pass(settings_);
}

void Etl::run_part(size_t part, Arena& arena) {
  if (has_failed()) return;
  guard([&] {
    PartTally tally = walk_part(part, arena);
    const std::lock_guard<std::mutex> lock(mutex_);
    early_.emplace(part, std::move(tally));
    for (auto next = early_.find(next_tally_); next != early_.end(); next = early_.find(++next_tally_)) {
      tally_.add(next->second);
      early_.erase(next);
    }
  });
}

// A read covers whole pieces of data, and also a short head before them or a short tail after them.
uint64_t Etl::read_end(uint64_t position, uint64_t end) const {
  const uint64_t data = header_.data_offset;
  if (position < data && data - position > kSideBytes) return std::min(position + read_bytes_, data);
  const uint64_t stop = std::max(position, data) + read_bytes_;
  if (stop < end_of_data(header_)) return std::min(stop, end);
  if (end <= end_of_data(header_) + kSideBytes) return end;
  return position < end_of_data(header_) ? end_of_data(header_) : std::min(stop, end);
}

PartTally Etl::walk_part(size_t part, Arena& arena) {
  const bool writes = settings_.pass == Pass::kWrite;
  // The head belongs to the first part, and the bytes after the data to the last. If the sizes in
  // the header are wrong, the data extend to the end of the file, and nothing follows them.
  const uint64_t first = part * part_bytes_;
  const bool is_last = first + part_bytes_ >= header_.data_bytes;
  const uint64_t last_end = writes && !header_.sizes_lie ? input().size() : end_of_data(header_);
  const uint64_t end = is_last ? last_end : header_.data_offset + first + part_bytes_;
  uint64_t position = writes && part == 0 ? 0 : header_.data_offset + first;

  arena.reset();
  uint8_t* const room = arena.take<uint8_t>(room_bytes(read_bytes_));
  const std::unique_ptr<FrameWalk> walk = open_walk(header_, first / header_.block_align, job_.noise, settings_, arena);
  std::optional<StemReads> stems;
  if (writes && outputs_.has_stems()) stems.emplace(header_, settings_.gain, read_bytes_, arena);
  while (position < end) {
    if (cancel_.is_cancelled()) throw Failure{"E_CANCELLED", ""};
    const uint64_t stop = read_end(position, end);
    const uint64_t data_start = std::max(position, header_.data_offset);
    const uint64_t data_stop = std::min(stop, end_of_data(header_));
    const size_t lead = data_start < data_stop ? static_cast<size_t>(data_start - position) : 0;
    const size_t count = data_start < data_stop ? static_cast<size_t>(data_stop - data_start) : 0;
    uint8_t* const bytes = room + place_in_room(position, lead);
    const size_t length = static_cast<size_t>(stop - position);
    input().read(position, bytes, length);
    if (stems) stems->take(bytes, length, place_in_room(position, lead));
    if (count > 0) {
      walk->run(bytes + lead, count);
      if (stems) stems->make(bytes, lead, count);
    }
    if (writes) {
      const uint64_t to = position + output_size_.shift;
      repair_bytes(bytes, length, to, repairs_);
      if (stems) {
        repair_bytes(stems->clean, length, to, repairs_);
        repair_bytes(stems->noise, length, to, repairs_);
      }
      outputs_.write(to, {bytes, stems ? stems->clean : nullptr, stems ? stems->noise : nullptr, length});
    }
    position = stop;
  }
  PartTally tally = walk->take_tally();
  if (stems) tally.unfit = stems->maker.unfit;
  return tally;
}

size_t Etl::end_pass() {
  size_t parts = 0;
  if (!has_failed()) {
    guard([&] {
      if (settings_.pass == Pass::kMeasure) {
        measuring_->end(tally_);
        parts = start_measuring();
        return;
      }
      if (settings_.pass == Pass::kSurvey) {
        figures_.peak = tally_.peak;
        settings_.gain = gain_of(job_.noise, tally_, header_);
        parts = start_writing();
        return;
      }
      if (job_.noise.clip == ClipPolicy::kError && tally_.clipped > 0) {
        throw Failure{"E_CLIPPED", std::to_string(tally_.clipped) + " samples"};
      }
      if (tally_.unfit > 0) throw Failure{"E_STEM_RANGE", std::to_string(tally_.unfit) + " samples"};
      const uint64_t finite = header_.frames * header_.channels - tally_.non_finite;
      const double noise_rms = std::sqrt(tally_.noise / static_cast<double>(finite));
      check_expected("E_REPLAY_DIFFERS", "noiseRms", job_.expected.noise_rms, noise_rms);
      // Some of them are in no part.
      for (const auto& [position, bytes] : repairs_) {
        outputs_.write(position, {bytes.data(), bytes.data(), bytes.data(), bytes.size()});
      }
      if (!outputs_.publish(cancel_)) warnings_.push_back("W_NO_HARD_LINKS");
    });
  }
  if (parts == 0) finish();
  return parts;
}

// Closes the files, whether or not the job succeeded. Outputs that were not published are removed.
void Etl::finish() {
  outputs_.close();
  if (!failure_) {
    warnings_.insert(warnings_.end(), measuring_->warnings.begin(), measuring_->warnings.end());
    if (measuring_->activity) {
      figures_.active_power = measuring_->activity->power;
      figures_.activity = measuring_->activity->factor;
    }
    if (tally_.non_finite > 0) warnings_.push_back("W_NON_FINITE");
    figures_.format = header_.format;
    figures_.codec = codec_;
    figures_.channels = header_.channels;
    figures_.sample_rate = header_.sample_rate;
    figures_.frames = header_.frames;
    figures_.sigma = total_deviation(measuring_->levels());
    figures_.layers = measuring_->figures();
    figures_.gain = settings_.gain;
    figures_.signal_energy = tally_.signal;
    figures_.noise_energy = tally_.noise;
    figures_.clipped = tally_.clipped;
    figures_.non_finite = tally_.non_finite;
    figures_.bytes_in = file_->size();
    figures_.bytes_out = measuring_->is_omitted ? 0 : output_size_.size;
    figures_.modified = file_->modified();
    figures_.warnings = std::move(warnings_);
  }
  decoded_.reset();
  file_.reset();
  figures_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

EtlOutcome Etl::take_outcome() { return {std::move(figures_), std::move(failure_)}; }

EtlOutcome run_etl(const EtlJob& job, const Cancel& cancel, Arena& arena) {
  Etl etl(job, cancel);
  for (size_t parts = etl.begin(); parts > 0; parts = etl.end_pass()) {
    for (size_t part = 0; part < parts; part++) etl.run_part(part, arena);
  }
  return etl.take_outcome();
}

}  // namespace noisemill
