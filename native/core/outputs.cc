#include "outputs.h"

#include "compared.h"
#include "etl.h"
#include "failure.h"
#include "system.h"

namespace noisemill {

Outputs::Outputs(const EtlJob& job) : job_(job) {
  if (!job.clean.output.empty()) places_.push_back({Role::kClean, &job.clean.output, &job.clean.temporary, nullptr});
  if (!job.noise_stem.output.empty()) {
    places_.push_back({Role::kNoise, &job.noise_stem.output, &job.noise_stem.temporary, nullptr});
  }
  places_.push_back({Role::kMixture, &job.output, &job.temporary, nullptr});
}

template <typename Action>
void Outputs::within(const Place& place, const Action& action) {
  try {
    action();
  } catch (Failure& failure) {
    if (place.role != Role::kMixture) failure.stem = place.role == Role::kClean ? "clean" : "noise";
    throw;
  }
}

void Outputs::check_names(const InputFile& input) const {
  for (const Place& place : places_) {
    if (!os::name_exists(*place.output)) continue;
    within(place, [&] {
      if (input.is_same_file(*place.output)) throw Failure{"E_OUTPUT_IS_INPUT", ""};
      if (!job_.overwrite && !job_.verify) throw Failure{"E_OUTPUT_EXISTS", ""};
    });
  }
}

void Outputs::check_absent() const {
  for (const Place& place : places_) {
    if (!os::name_exists(*place.output)) continue;
    within(place, [] { throw Failure{"E_OUTPUT_DIFFERS", "it exists, but the input is silent and has no output"}; });
  }
}

void Outputs::open(uint64_t size, unsigned mode) {
  for (Place& place : places_) {
    within(place, [&] {
      if (job_.verify) place.file = std::make_unique<ComparedFile>(*place.output, size, job_.follow);
      else place.file = std::make_unique<OutputFile>(*place.temporary, mode, job_.fsync);
    });
  }
}

void Outputs::write(uint64_t position, const OutputBytes& bytes) {
  for (const Place& place : places_) {
    const uint8_t* const own = place.role == Role::kMixture ? bytes.mixture : place.role == Role::kClean ? bytes.clean : bytes.noise;
    within(place, [&] { place.file->write(position, own, bytes.length); });
  }
}

bool Outputs::publish(const Cancel& cancel) {
  // Allocated before an output has its final name, because memory may be short.
  std::vector<const std::string*> fresh;
  fresh.reserve(places_.size());
  bool guarded = true;
  for (const Place& place : places_) within(place, [&] { place.file->complete(); });
  try {
    for (const Place& place : places_) {
      // Late, because it may have taken long to put bytes on the disk.
      if (cancel.is_cancelled()) throw Failure{"E_CANCELLED", ""};
      const bool is_fresh = has_stems() && !job_.verify && (!job_.overwrite || !os::name_exists(*place.output));
      within(place, [&] { guarded = place.file->publish(*place.output, job_.overwrite) && guarded; });
      if (is_fresh) fresh.push_back(place.output);
    }
  } catch (...) {
    for (const std::string* output : fresh) os::remove(*output);
    throw;
  }
  return guarded;
}

void Outputs::close() {
  for (Place& place : places_) place.file.reset();
}

}  // namespace noisemill
