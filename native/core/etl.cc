#include "etl.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <new>

#include "files.h"
#include "transform.h"
#include "wav/header.h"

namespace noisemill {

namespace {

// Bytes that one read or write aims at: they stay in a level-2 cache from the read to the write.
constexpr size_t kIoBytes = 256 * 1024;
constexpr uint64_t kMaxU32 = 0xffffffff;

struct JobState {
  const EtlJob& job;
  const InputFile& input;
  const WavHeader& header;
  const std::atomic<bool>& cancelled;
  std::vector<uint8_t> buffer;
  std::vector<const char*> warnings;
};

// Reads `length` bytes from `start` in runs of the job's buffer.
template <typename Use>
void each_run(JobState& state, uint64_t start, uint64_t length, const Use& use) {
  for (uint64_t done = 0; done < length;) {
    if (state.cancelled.load(std::memory_order_relaxed)) throw Failure{"E_CANCELLED", ""};
    const size_t count = static_cast<size_t>(std::min<uint64_t>(state.buffer.size(), length - done));
    state.input.read(start + done, state.buffer.data(), count);
    use(state.buffer.data(), count, start + done);
    done += count;
  }
}

std::vector<const char*> header_warnings(const WavHeader& header) {
  std::vector<const char*> warnings;
  if (header.sizes_lie) warnings.push_back("W_SIZES_REPAIRED");
  if (header.partial_frame_bytes > 0) warnings.push_back("W_PARTIAL_FRAME");
  return warnings;
}

// Early, so that no work is spent on a file that could not be written; `publish` has the last word on names.
void check_output(const EtlJob& job, const InputFile& input) {
  if (input.is_same_file(job.output)) throw Failure{"E_OUTPUT_IS_INPUT", ""};
  if (!job.overwrite && name_exists(job.output)) throw Failure{"E_OUTPUT_EXISTS", ""};
}

// Reads the data once for their power. A silent file has no SNR: it gets sigma 0 and a warning.
double sigma_for_snr(JobState& state) {
  PowerMeter meter(state.header);
  each_run(state, state.header.data_offset, state.header.data_bytes,
           [&](uint8_t* bytes, size_t length, uint64_t) { meter.run(bytes, length); });
  const uint64_t finite = state.header.frames * state.header.channels - meter.tally().non_finite;
  const double power = finite == 0 ? 0 : meter.tally().signal.total / static_cast<double>(finite);
  if (!std::isfinite(power)) throw Failure{"E_SIGNAL_POWER", "the sum of the squared samples overflows"};
  if (power == 0) state.warnings.push_back("W_SILENT");
  const double sigma = std::sqrt(power) * state.job.level;
  if (!std::isfinite(state.header.format->wide ? sigma : static_cast<float>(sigma))) {
    throw Failure{"E_SIGNAL_POWER", "the noise would be beyond what the format can hold"};
  }
  return sigma;
}

void write_u32(OutputFile& output, uint64_t position, uint64_t value) {
  const uint8_t word[4] = {static_cast<uint8_t>(value), static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value >> 16),
                           static_cast<uint8_t>(value >> 24)};
  output.write(position, word, sizeof word);
}

// Puts true sizes where the header's run past the end of the file. Returns the size of the output.
uint64_t repair_sizes(OutputFile& output, const WavHeader& header) {
  const uint64_t pad = header.data_bytes % 2;
  const uint64_t size = header.data_offset + header.data_bytes + pad;
  const uint8_t zero = 0;
  // RIFF keeps chunks at even positions.
  if (pad == 1) output.write(size - 1, &zero, 1);
  write_u32(output, 4, std::min(size - 8, kMaxU32));
  write_u32(output, header.data_offset - 4, std::min(header.data_bytes, kMaxU32));
  return size;
}

// Writes the output. Returns its size in bytes.
uint64_t load(JobState& state, FrameWalk& walk) {
  const WavHeader& header = state.header;
  OutputFile output(state.job.temporary);
  const auto copy = [&](const uint8_t* bytes, size_t length, uint64_t position) { output.write(position, bytes, length); };
  each_run(state, 0, header.data_offset, copy);
  each_run(state, header.data_offset, header.data_bytes, [&](uint8_t* bytes, size_t length, uint64_t position) {
    walk.run(bytes, length);
    output.write(position, bytes, length);
  });
  uint64_t size = state.input.size();
  if (header.sizes_lie) {
    size = repair_sizes(output, header);
  } else {
    const uint64_t data_end = header.data_offset + header.data_bytes;
    each_run(state, data_end, size - data_end, copy);
  }
  if (!output.publish(state.job.output, state.job.overwrite)) state.warnings.push_back("W_NO_HARD_LINKS");
  return size;
}

EtlFigures extract(const EtlJob& job, const InputFile& input, const std::atomic<bool>& cancelled) {
  const WavHeader header = read_header(input);
  check_output(job, input);
  const NoiseKind* kind = find_noise_kind(job.kind.c_str());
  if (kind == nullptr) throw Failure{"E_OPTION_INVALID", "noise kind " + job.kind};
  const size_t slice = slice_frames(header.channels) * header.block_align;
  JobState state = {job, input, header, cancelled, {}, header_warnings(header)};
  state.buffer.resize(slice * std::max<size_t>(1, kIoBytes / slice));

  const double sigma = job.level_kind == LevelKind::kSigma ? job.level : sigma_for_snr(state);
  std::unique_ptr<FrameWalk> walk;
  if (sigma == 0) {
    walk = std::make_unique<PowerMeter>(header);
  } else {
    walk = std::make_unique<NoiseTransform>(header, NoiseSettings{kind, job.parameters.data(), job.key, sigma, job.clip});
  }
  EtlFigures figures;
  figures.bytes_out = job.dry_run ? 0 : load(state, *walk);
  if (walk->tally().non_finite > 0) state.warnings.push_back("W_NON_FINITE");
  figures.format = header.format->name;
  figures.channels = header.channels;
  figures.sample_rate = header.sample_rate;
  figures.frames = header.frames;
  figures.sigma = sigma;
  figures.signal_energy = walk->tally().signal.total;
  figures.noise_energy = walk->tally().noise.total;
  figures.clipped = walk->tally().clipped;
  figures.non_finite = walk->tally().non_finite;
  figures.bytes_in = input.size();
  figures.warnings = std::move(state.warnings);
  return figures;
}

}  // namespace

EtlOutcome run_etl(const EtlJob& job, const std::atomic<bool>& cancelled) {
  const auto started = std::chrono::steady_clock::now();
  EtlOutcome outcome;
  try {
    const InputFile input(job.input);
    outcome.figures = extract(job, input, cancelled);
    outcome.figures.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  } catch (const Failure& failure) {
    outcome.failure = failure;
  } catch (const std::bad_alloc&) {
    outcome.failure = Failure{"E_NO_MEMORY", ""};
  }
  return outcome;
}

}  // namespace noisemill
