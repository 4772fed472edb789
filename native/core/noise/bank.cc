#include "bank.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <list>

#include "../failure.h"
#include "../files.h"
#include "../wav/format.h"

namespace noisemill {

namespace {

// First bytes of an index. The last one is the version of its form.
constexpr char kMagic[] = "nm-bank\x01";
constexpr size_t kVersionAt = sizeof(kMagic) - 2;
// Bytes of the header: the magic, the number of files, the bytes of all paths, the bytes of all names
// (uint32 each), zeros, and from kHashAt on the hash.
constexpr size_t kHeaderBytes = 64;
constexpr size_t kHashAt = 32;
// Bytes of a file in all columns: three of float64, and five of uint32.
constexpr uint64_t kFileBytes = 3 * 8 + 5 * 4;
// Most bytes of an index.
constexpr uint64_t kMaxBankBytes = 0x7fffffff;
// Most banks that the process keeps open.
constexpr size_t kMostBanks = 32;
constexpr double kMaxSafeInteger = 9007199254740991.0;

Failure damaged() { return {"E_NOISE_BANK", "the index is damaged"}; }
Failure no_index() { return {"E_NOISE_BANK", "not an index of noise files"}; }

struct Header {
  uint32_t count;
  uint32_t paths;
  uint32_t names;
};

// Reads the counts of a header. Throws Failure E_NOISE_BANK if they do not agree with the size of the
// index.
Header read_header(const uint8_t* bytes, uint64_t size) {
  if (std::memcmp(bytes, kMagic, kVersionAt) != 0) throw no_index();
  if (bytes[kVersionAt] != static_cast<uint8_t>(kMagic[kVersionAt])) throw Failure{"E_NOISE_BANK", "the index has another version"};
  Header header;
  static_assert(sizeof(header) == 12);
  std::memcpy(&header, bytes + 8, sizeof(header));
  const uint64_t expected = kHeaderBytes + header.count * kFileBytes + header.paths + header.names;
  if (header.count == 0 || size != expected || size > kMaxBankBytes) throw damaged();
  return header;
}

// Reads one part of an index after the other.
class Parts {
 public:
  explicit Parts(const InputFile& file) : file_(file) {}

  template <typename Number>
  void read(std::vector<Number>& numbers, size_t count) {
    numbers.resize(count);
    read(reinterpret_cast<uint8_t*>(numbers.data()), count * sizeof(Number));
  }

  void read(std::string& text, size_t length) {
    text.resize(length);
    read(reinterpret_cast<uint8_t*>(&text[0]), length);
  }

 private:
  void read(uint8_t* into, size_t length) {
    file_.read(at_, into, length);
    at_ += length;
  }

  const InputFile& file_;
  uint64_t at_ = kHeaderBytes;
};

bool is_integer(double value, double least) { return value >= least && value <= kMaxSafeInteger && value == std::floor(value); }

std::string text_of(const std::string& texts, const std::vector<uint32_t>& ends, uint32_t file) {
  const size_t start = file == 0 ? 0 : ends[file - 1];
  return texts.substr(start, ends[file] - start);
}

// The open banks of the process, those used last at the end.
struct OpenBanks {
  std::mutex mutex;
  std::list<std::pair<std::string, std::shared_ptr<const Bank>>> banks;
};

// Never destroyed, because threads may still work when the process ends.
OpenBanks& open_banks() {
  static auto* const banks = new OpenBanks;
  return *banks;
}

std::shared_ptr<const Bank> read_bank(const std::string& path) {
  try {
    return std::make_shared<const Bank>(path);
  } catch (Failure& failure) {
    failure.code = "E_NOISE_BANK";
    throw;
  }
}

}  // namespace

Selection::Selection(std::vector<uint32_t> files, const std::vector<uint32_t>& folders, bool is_partial)
    : files_(std::move(files)), by_folder_(files_.size()), is_partial_(is_partial) {
  std::vector<uint32_t> ends(folders.size());
  for (const uint32_t file : files_) ends[folders[file]]++;
  uint32_t end = 0;
  for (uint32_t& folder_end : ends) {
    const uint32_t start = end;
    end += folder_end;
    folder_end = end;
    if (end > start) folder_ends_.push_back(end);
  }
  for (size_t i = files_.size(); i-- > 0;) by_folder_[--ends[folders[files_[i]]]] = files_[i];
}

uint32_t Selection::draw(NoiseKey key, uint64_t n, Balance balance) const {
  const double first = noisemill::draw(key, Purpose::kNoiseFile, n);
  if (balance == Balance::kFile) return files_[static_cast<size_t>(first * static_cast<double>(files_.size()))];
  const auto folder = static_cast<size_t>(first * static_cast<double>(folder_ends_.size()));
  const uint32_t start = folder == 0 ? 0 : folder_ends_[folder - 1];
  const double second = noisemill::draw(key, Purpose::kNoiseFileInFolder, n);
  return by_folder_[start + static_cast<size_t>(second * static_cast<double>(folder_ends_[folder] - start))];
}

Bank::Bank(const std::string& index) {
  const InputFile file(index);
  if (file.size() < kHeaderBytes) throw no_index();
  uint8_t bytes[kHeaderBytes];
  file.read(0, bytes, kHeaderBytes);
  // The size is compared before memory is taken for it.
  const Header header = read_header(bytes, file.size());
  count_ = header.count;
  std::memcpy(hash_, bytes + kHashAt, kHashBytes);
  Parts parts(file);
  for (auto* column : {&sizes_, &modified_, &frames_}) parts.read(*column, count_);
  for (auto* column : {&sample_rates_, &channels_, &folders_, &path_ends_, &name_ends_}) parts.read(*column, count_);
  parts.read(paths_, header.paths);
  parts.read(names_, header.names);
  check();
}

void Bank::check() const {
  bool is_valid = paths_.find('\0') == std::string::npos;
  uint32_t path = 0;
  uint32_t name = 0;
  for (uint32_t i = 0; i < count_ && is_valid; i++) {
    is_valid = is_integer(sizes_[i], 0) && is_integer(frames_[i], 1) && sample_rates_[i] >= 1 && channels_[i] >= 1 &&
               channels_[i] <= kMaxChannels && folders_[i] < count_ && path_ends_[i] > path && name_ends_[i] > name;
    path = path_ends_[i];
    name = name_ends_[i];
  }
  if (!is_valid || path != paths_.size() || name != names_.size()) throw damaged();
}

const uint8_t* Bank::hash() const { return hash_; }

std::string Bank::path(uint32_t file) const { return text_of(paths_, path_ends_, file); }

std::string Bank::name(uint32_t file) const { return text_of(names_, name_ends_, file); }

const Selection& Bank::select(uint32_t sample_rate, uint32_t channels) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::pair<uint32_t, uint32_t> signal = {sample_rate, channels};
  auto found = selections_.find(signal);
  if (found == selections_.end()) found = selections_.emplace(signal, selection_for(sample_rate, channels)).first;
  return *found->second;
}

std::unique_ptr<const Selection> Bank::selection_for(uint32_t sample_rate, uint32_t channels) const {
  std::vector<uint32_t> files;
  uint32_t most = 0;
  uint32_t of_rate = 0;
  for (uint32_t i = 0; i < count_; i++) {
    if (sample_rates_[i] != sample_rate) continue;
    of_rate++;
    most = std::max(most, channels_[i]);
    if (channels_[i] == 1 || channels_[i] >= channels) files.push_back(i);
  }
  const std::string rate = std::to_string(sample_rate) + " Hz";
  if (of_rate == 0) {
    throw Failure{"E_NOISE_RATE", rate + ", but most noise files have " + std::to_string(commonest_rate()) + " Hz"};
  }
  if (files.empty()) {
    throw Failure{"E_NOISE_CHANNELS",
                  std::to_string(channels) + " channels, but noise files of " + rate + " have at most " + std::to_string(most)};
  }
  return std::make_unique<const Selection>(std::move(files), folders_, of_rate < count_);
}

// Returns the sample rate that most files have; of several, the lowest.
uint32_t Bank::commonest_rate() const {
  std::vector<uint32_t> rates = sample_rates_;
  std::sort(rates.begin(), rates.end());
  uint32_t commonest = 0;
  size_t most = 0;
  for (size_t start = 0, i = 0; i < rates.size(); i++) {
    if (rates[i] != rates[start]) start = i;
    if (i - start < most) continue;
    most = i - start + 1;
    commonest = rates[i];
  }
  return commonest;
}

std::shared_ptr<const Bank> open_bank(const std::string& path) {
  OpenBanks& open = open_banks();
  const std::lock_guard<std::mutex> lock(open.mutex);
  auto& banks = open.banks;
  const auto found = std::find_if(banks.begin(), banks.end(), [&](const auto& bank) { return bank.first == path; });
  if (found == banks.end()) {
    banks.emplace_back(path, read_bank(path));
  } else {
    banks.splice(banks.end(), banks, found);
  }
  if (banks.size() > kMostBanks) banks.pop_front();
  return banks.back().second;
}

}  // namespace noisemill
