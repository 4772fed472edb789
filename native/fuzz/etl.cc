// Fuzz target: runs the whole job on any bytes. The job either fails, or writes a complete output.
// It never leaves a temporary file, and never changes more than requested.
#include "core/etl.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <vector>

#include "fuzz.h"
#include "simd/kernels.h"

using namespace noisemill;

namespace {

// The folder of the outputs. scripts/fuzz.mjs makes it, in memory, and removes it.
std::string folder() {
  const char* given = std::getenv("NOISEMILL_FUZZ_FOLDER");
  PROMISE(given != nullptr);
  return given;
}

std::vector<uint8_t> read_all(const std::string& path) {
  const InputFile file(path);
  std::vector<uint8_t> bytes(file.size());
  file.read(0, bytes.data(), bytes.size());
  return bytes;
}

constexpr double kSigmas[] = {0, 0, 1e-30, 0.01, 1, 16};
// Ratios of noise to signal for an SNR of 100, 20, 0 and -200 dB.
constexpr double kGains[] = {1e-5, 0.1, 1, 1e10};

// The last byte selects the settings of the job. It also belongs to the file, so that any file is a
// valid input.
EtlJob job_for(uint8_t choice) {
  EtlJob job;
  Layer& layer = job.noise.layers.emplace_back();
  layer.kind = "gaussian";
  layer.key = {choice, 7};
  job.noise.clip = choice & 1 ? ClipPolicy::kClamp : ClipPolicy::kNone;
  job.dry_run = (choice & 0x1e) == 0x1e;
  layer.level_kind = choice & 0x20 ? LevelKind::kSnr : LevelKind::kSigma;
  const size_t level = choice >> 1;
  layer.level = choice & 0x20 ? kGains[level % std::size(kGains)] : kSigmas[level % std::size(kSigmas)];
  return job;
}

void use_instruction_set(uint8_t choice) {
  size_t count = 0;
  while (available_kernels()[count] != nullptr) count++;
  use_kernels(*available_kernels()[(choice >> 6) % count]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static const std::string output = folder() + "/out.wav";
  static const std::string temporary = folder() + "/.out.tmp";
  static Arena arena;
  const MemoryFile file(bytes, size);
  const uint8_t choice = size == 0 ? 0 : bytes[size - 1];
  EtlJob job = job_for(choice);
  job.input = file.path();
  job.output = output;
  job.temporary = temporary;
  use_instruction_set(choice);

  const Cancel cancel;
  const EtlOutcome outcome = run_etl(job, cancel, arena);

  PROMISE(!os::name_exists(temporary));
  const std::vector<uint8_t> input = read_all(file.path());
  PROMISE(std::equal(input.begin(), input.end(), bytes, bytes + size));
  if (outcome.failure || job.dry_run) {
    PROMISE(!os::name_exists(output));
    return 0;
  }
  const EtlFigures& figures = outcome.figures;
  const std::vector<uint8_t> written = read_all(output);
  job.verify = true;
  PROMISE(!run_etl(job, cancel, arena).failure);
  PROMISE(read_all(output) == written);
  PROMISE(unlink(output.c_str()) == 0);
  PROMISE(figures.bytes_in == size);
  PROMISE(figures.bytes_out == written.size());
  PROMISE(figures.signal_energy >= 0 && figures.noise_energy >= 0);
  PROMISE(figures.clipped + figures.non_finite <= figures.frames * figures.channels);
  // Without noise, codec and repair (which causes a warning), the output is a copy.
  const bool repaired = std::any_of(figures.warnings.begin(), figures.warnings.end(), [](const std::string& warning) {
    return warning != "W_PARTIAL_FRAME" && warning != "W_TRAILING_BYTES" && warning != "W_SILENT" && warning != "W_NON_FINITE" && warning != "W_BYTE_RATE";
  });
  if (figures.sigma == 0 && figures.codec == nullptr && !repaired) PROMISE(written == input);
  return 0;
}
