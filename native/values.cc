#include "values.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "core/noise/kinds.h"

namespace noisemill {

namespace {

// Reads a property. It can only be missing if the environment is ending, because these objects have
// no getters that throw.
Napi::Value get(Napi::Object object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsEmpty()) throw EnvironmentEnded{};
  return value;
}

Napi::Object write_failure(Napi::Env env, const Failure& failure) {
  auto object = Napi::Object::New(env);
  object.Set("code", failure.code);
  object.Set("detail", failure.detail);
  // The negative errno number. lib/backends/native.ts finds its name.
  object.Set("errno", -failure.error_number);
  object.Set("stem", failure.stem);
  return object;
}

// All warnings. The index is the number of the bit.
constexpr const char* kWarnings[] = {"W_SIZE_UNKNOWN", "W_DATA_CUT_SHORT", "W_PARTIAL_FRAME", "W_TRAILING_BYTES", "W_BYTE_RATE",     "W_BLOCK_ALIGN",
                                     "W_NOISE_RATE",   "W_NO_EVENTS",   "W_SILENT",         "W_NO_ACTIVITY",   "W_NO_HARD_LINKS",  "W_NON_FINITE"};

Napi::Array write_doubles(Napi::Env env, const std::vector<double>& values) {
  auto array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); i++) array.Set(i, values[i]);
  return array;
}

// Reads a value from `From`. `name` is its name in JavaScript.
template <typename From, typename Value>
struct Getter {
  const char* name;
  Value (*get)(const From& from);
};

// Sets a member of `Into`. `name` is its name in JavaScript.
template <typename Into, typename Value>
struct Setter {
  const char* name;
  void (*set)(Into& into, Value value);
};

using Text = std::string&&;

// Converts the place of a word in a list of JavaScript to the enumerator at the same place.
template <typename Enum>
constexpr Enum place(double value) {
  return static_cast<Enum>(static_cast<uint8_t>(value));
}

constexpr Setter<EtlJob, Text> kFileTexts[] = {
    {"input", [](EtlJob& job, Text value) { job.input = std::move(value); }},
    {"output", [](EtlJob& job, Text value) { job.output = std::move(value); }},
    {"temporary", [](EtlJob& job, Text value) { job.temporary = std::move(value); }},
    {"clean", [](EtlJob& job, Text value) { job.clean.output = std::move(value); }},
    {"cleanTemporary", [](EtlJob& job, Text value) { job.clean.temporary = std::move(value); }},
    {"noise", [](EtlJob& job, Text value) { job.noise_stem.output = std::move(value); }},
    {"noiseTemporary", [](EtlJob& job, Text value) { job.noise_stem.temporary = std::move(value); }},
};

constexpr Setter<EtlJob, double> kFileNumbers[] = {
    {"overwrite", [](EtlJob& job, double value) { job.overwrite = value != 0; }},
    {"free", [](EtlJob& job, double value) { job.free = value != 0; }},
    {"follow", [](EtlJob& job, double value) { job.follow = value != 0; }},
    {"fsync", [](EtlJob& job, double value) { job.fsync = value != 0; }},
    {"dryRun", [](EtlJob& job, double value) { job.dry_run = value != 0; }},
    {"strict", [](EtlJob& job, double value) { job.strict = value != 0; }},
    {"verify", [](EtlJob& job, double value) { job.verify = value != 0; }},
    {"expectedBytesIn", [](EtlJob& job, double value) { job.expected.bytes_in = value; }},
    {"expectedFrames", [](EtlJob& job, double value) { job.expected.frames = value; }},
    {"expectedSigma", [](EtlJob& job, double value) { job.expected.sigma = value; }},
    {"expectedNoiseRms", [](EtlJob& job, double value) { job.expected.noise_rms = value; }},
};

// The format comes first, because later numbers of a slice depend on it.
constexpr Setter<SliceJob, double> kSliceNumbers[] = {
    {"format", [](SliceJob& job, double value) { job.layout.format = &kSampleFormats[static_cast<size_t>(value)]; }},
    {"channels",
     [](SliceJob& job, double value) {
       job.layout.channels = static_cast<uint32_t>(value);
       job.layout.block_align = job.layout.channels * job.layout.format->bytes;
     }},
    {"sampleRate", [](SliceJob& job, double value) { job.layout.sample_rate = static_cast<uint32_t>(value); }},
    {"bigEndian", [](SliceJob& job, double value) { job.layout.big_endian = value != 0; }},
    {"validBits", [](SliceJob& job, double value) { job.layout.valid_bits = static_cast<uint32_t>(value); }},
    {"frames", [](SliceJob& job, double value) { job.layout.frames = static_cast<uint64_t>(value); }},
    {"firstFrame", [](SliceJob& job, double value) { job.first_frame = static_cast<uint64_t>(value); }},
    {"pass", [](SliceJob& job, double value) { job.settings.pass = place<Pass>(value); }},
    {"measured", [](SliceJob& job, double value) { job.settings.measured = static_cast<int>(value); }},
    {"take", [](SliceJob& job, double value) { job.settings.take = static_cast<int>(value); }},
    {"activity", [](SliceJob& job, double value) { job.settings.activity = value != 0; }},
    {"gain", [](SliceJob& job, double value) { job.settings.gain = value; }},
};

constexpr Setter<Noise, double> kNoiseNumbers[] = {
    {"keyLow", [](Noise& noise, double value) { noise.key.low = static_cast<uint32_t>(value); }},
    {"keyHigh", [](Noise& noise, double value) { noise.key.high = static_cast<uint32_t>(value); }},
    {"output", [](Noise& noise, double value) { noise.output = place<OutputLevel>(value); }},
    {"target", [](Noise& noise, double value) { noise.target = value; }},
    {"reference", [](Noise& noise, double value) { noise.reference = place<SnrReference>(value); }},
    {"clip", [](Noise& noise, double value) { noise.clip = place<ClipPolicy>(value); }},
    {"ceiling", [](Noise& noise, double value) { noise.ceiling = value; }},
    {"dither", [](Noise& noise, double value) { noise.dither = value != 0; }},
    {"silent", [](Noise& noise, double value) { noise.silent = place<SilentPolicy>(value); }},
};

constexpr Setter<Layer, Text> kLayerTexts[] = {
    {"kind", [](Layer& layer, Text value) { layer.kind = std::move(value); }},
    {"bank", [](Layer& layer, Text value) { layer.recorded.bank = std::move(value); }},
};

constexpr Setter<Layer, double> kLayerNumbers[] = {
    {"keyLow", [](Layer& layer, double value) { layer.key.low = static_cast<uint32_t>(value); }},
    {"keyHigh", [](Layer& layer, double value) { layer.key.high = static_cast<uint32_t>(value); }},
    {"isSnr", [](Layer& layer, double value) { layer.level_kind = value != 0 ? LevelKind::kSnr : LevelKind::kSigma; }},
    {"level", [](Layer& layer, double value) { layer.level = value; }},
    {"exact", [](Layer& layer, double value) { layer.exact = value != 0; }},
    {"fit", [](Layer& layer, double value) { layer.recorded.fit = place<Fit>(value); }},
    {"balance", [](Layer& layer, double value) { layer.recorded.balance = place<Balance>(value); }},
    {"downmix", [](Layer& layer, double value) { layer.recorded.downmix = place<Downmix>(value); }},
    {"voices", [](Layer& layer, double value) { layer.recorded.voices = static_cast<uint32_t>(value); }},
    {"gapLow", [](Layer& layer, double value) { layer.recorded.gap_low = value; }},
    {"gapHigh", [](Layer& layer, double value) { layer.recorded.gap_high = value; }},
};

constexpr Setter<LayerLevel, double> kLevelNumbers[] = {
    {"sigma", [](LayerLevel& level, double value) { level.sigma = value; }},
    {"deviation", [](LayerLevel& level, double value) { level.deviation = value; }},
};

constexpr Setter<Take, double> kTakeNumbers[] = {
    {"draw", [](Take& take, double value) { take.draw = static_cast<uint64_t>(value); }},
    {"gain", [](Take& take, double value) { take.gain = value; }},
};

double warning_bits(const EtlFigures& figures) {
  double bits = 0;
  for (const char* warning : figures.warnings) {
    for (size_t i = 0; i < std::size(kWarnings); i++) {
      if (std::strcmp(warning, kWarnings[i]) == 0) bits += static_cast<double>(1u << i);
    }
  }
  return bits;
}

constexpr bool ids_are_places() {
  for (size_t i = 0; i < std::size(kSampleFormats); i++) {
    if (static_cast<size_t>(kSampleFormats[i].id) != i) return false;
  }
  return true;
}
static_assert(ids_are_places(), "formats cross as their ids, and JavaScript takes these for places in the list");

constexpr Getter<EtlFigures, double> kFigures[] = {
    {"format", [](const EtlFigures& figures) { return static_cast<double>(figures.format->id); }},
    {"codec", [](const EtlFigures& figures) { return figures.codec == nullptr ? -1 : static_cast<double>(figures.codec - kCodecs); }},
    {"channels", [](const EtlFigures& figures) { return static_cast<double>(figures.channels); }},
    {"sampleRate", [](const EtlFigures& figures) { return static_cast<double>(figures.sample_rate); }},
    {"frames", [](const EtlFigures& figures) { return static_cast<double>(figures.frames); }},
    {"sigma", [](const EtlFigures& figures) { return figures.sigma; }},
    {"gain", [](const EtlFigures& figures) { return figures.gain; }},
    {"peak", [](const EtlFigures& figures) { return figures.peak; }},
    {"activePower", [](const EtlFigures& figures) { return figures.active_power; }},
    {"activity", [](const EtlFigures& figures) { return figures.activity; }},
    {"signalEnergy", [](const EtlFigures& figures) { return figures.signal_energy; }},
    {"noiseEnergy", [](const EtlFigures& figures) { return figures.noise_energy; }},
    {"clipped", [](const EtlFigures& figures) { return static_cast<double>(figures.clipped); }},
    {"nonFinite", [](const EtlFigures& figures) { return static_cast<double>(figures.non_finite); }},
    {"bytesIn", [](const EtlFigures& figures) { return static_cast<double>(figures.bytes_in); }},
    {"modified", [](const EtlFigures& figures) { return figures.modified; }},
    {"bytesOut", [](const EtlFigures& figures) { return static_cast<double>(figures.bytes_out); }},
    {"seconds", [](const EtlFigures& figures) { return figures.seconds; }},
    {"warnings", warning_bits},
};

Napi::Value write_count(Napi::Env env, uint64_t count) { return Napi::Number::New(env, static_cast<double>(count)); }

// Writes the sums of an active level; undefined if there are none.
Napi::Value write_activity(Napi::Env env, const PartTally& tally) {
  if (!tally.activity) return env.Undefined();
  auto object = Napi::Object::New(env);
  object.Set("active", write_doubles(env, tally.activity->active));
  object.Set("energy", write_doubles(env, tally.activity->energy));
  return object;
}

struct TallyField {
  const char* name;
  Napi::Value (*get)(Napi::Env env, const PartTally& tally);
};

constexpr TallyField kTally[] = {
    {"signal", [](Napi::Env env, const PartTally& tally) -> Napi::Value { return write_doubles(env, tally.signal); }},
    {"noise", [](Napi::Env env, const PartTally& tally) -> Napi::Value { return write_doubles(env, tally.noise); }},
    {"mixture", [](Napi::Env env, const PartTally& tally) -> Napi::Value { return write_doubles(env, tally.mixture); }},
    {"clipped", [](Napi::Env env, const PartTally& tally) { return write_count(env, tally.clipped); }},
    {"nonFinite", [](Napi::Env env, const PartTally& tally) { return write_count(env, tally.non_finite); }},
    {"peak", [](Napi::Env env, const PartTally& tally) -> Napi::Value { return Napi::Number::New(env, tally.peak); }},
    {"activity", write_activity},
};

Napi::Object write_tally(Napi::Env env, const PartTally& tally) {
  auto object = Napi::Object::New(env);
  for (const TallyField& field : kTally) object.Set(field.name, field.get(env, tally));
  return object;
}

template <typename Outcome>
Napi::Value write_indexes(Napi::Env env, const std::vector<Settled<Outcome>>& group) {
  auto array = Napi::Uint32Array::New(env, group.size());
  if (array.IsEmpty()) throw EnvironmentEnded{};
  uint32_t* index = array.Data();
  for (const auto& settled : group) *index++ = settled.index;
  return array;
}

// Writes the figures of all files into one array. The places of files that failed stay empty.
Napi::Value write_figures(Napi::Env env, const std::vector<Settled<EtlOutcome>>& group) {
  auto array = Napi::Float64Array::New(env, group.size() * std::size(kFigures));
  if (array.IsEmpty()) throw EnvironmentEnded{};
  double* number = array.Data();
  for (const auto& [index, outcome] : group) {
    if (outcome->failure) number += std::size(kFigures);
    else for (const auto& figure : kFigures) *number++ = figure.get(outcome->figures);
  }
  return array;
}

// Writes the failures of files, each at the place of its job in the group. `undefined` if none has
// failed.
Napi::Value write_failures(Napi::Env env, const std::vector<Settled<EtlOutcome>>& group) {
  const auto has_failed = [](const auto& settled) { return settled.outcome->failure.has_value(); };
  if (std::none_of(group.begin(), group.end(), has_failed)) return env.Undefined();
  auto array = Napi::Array::New(env, group.size());
  if (array.IsEmpty()) throw EnvironmentEnded{};
  for (uint32_t place = 0; place < group.size(); place++) {
    if (has_failed(group[place])) array.Set(place, write_failure(env, *group[place].outcome->failure));
  }
  return array;
}

// Writes the figures of a file's layers, one after the other; see Border.figuresOf.
Napi::Value write_layers_of(Napi::Env env, const std::vector<LayerFigures>& layers) {
  std::vector<double> numbers;
  for (const LayerFigures& layer : layers) {
    numbers.push_back(layer.deviation);
    numbers.push_back(static_cast<double>(layer.pieces.size()));
    for (const PieceFigures& piece : layer.pieces) {
      numbers.insert(numbers.end(), {static_cast<double>(piece.file), static_cast<double>(piece.from), static_cast<double>(piece.at)});
    }
  }
  auto array = Napi::Float64Array::New(env, numbers.size());
  if (array.IsEmpty()) throw EnvironmentEnded{};
  std::copy(numbers.begin(), numbers.end(), array.Data());
  return array;
}

// Writes the figures of layers, each file's at the place of its job in the group. `undefined` if no
// file has any.
Napi::Value write_layers(Napi::Env env, const std::vector<Settled<EtlOutcome>>& group) {
  const auto has_layers = [](const auto& settled) { return !settled.outcome->failure && !settled.outcome->figures.layers.empty(); };
  if (std::none_of(group.begin(), group.end(), has_layers)) return env.Undefined();
  auto array = Napi::Array::New(env, group.size());
  if (array.IsEmpty()) throw EnvironmentEnded{};
  for (uint32_t place = 0; place < group.size(); place++) {
    if (has_layers(group[place])) array.Set(place, write_layers_of(env, group[place].outcome->figures.layers));
  }
  return array;
}

// Reads packed jobs one after the other.
class Unpacker {
 public:
  Unpacker(const char* text, const double* number) : text_(text), number_(number) {}

  template <typename Into, size_t kCount>
  void read(const Setter<Into, Text> (&texts)[kCount], Into& into) {
    for (const auto& text : texts) {
      std::string value(text_);
      text_ += value.size() + 1;
      text.set(into, std::move(value));
    }
  }

  template <typename Into, size_t kCount>
  void read(const Setter<Into, double> (&numbers)[kCount], Into& into) {
    for (const auto& number : numbers) number.set(into, *number_++);
  }

  EtlJob read_file() {
    EtlJob job;
    read(kFileTexts, job);
    read(kFileNumbers, job);
    read(job.noise);
    return job;
  }

  void read(Noise& noise) {
    read(kNoiseNumbers, noise);
    noise.layers.resize(read_count());
    for (Layer& layer : noise.layers) {
      read(kLayerTexts, layer);
      read(kLayerNumbers, layer);
      const size_t count = read_count();
      layer.parameters.assign(number_, number_ + count);
      number_ += count;
    }
  }

  void read(std::vector<LayerLevel>& levels) {
    for (LayerLevel& level : levels) {
      read(kLevelNumbers, level);
      level.takes.resize(read_count());
      for (Take& take : level.takes) read(kTakeNumbers, take);
    }
  }

  const char* text() const { return text_; }
  const double* number() const { return number_; }

 private:
  size_t read_count() { return static_cast<size_t>(*number_++); }

  const char* text_;
  const double* number_;
};

size_t count_of(Napi::Object packed) { return get(packed, "count").As<Napi::Number>().Uint32Value(); }
Napi::Uint8Array texts_of(Napi::Object packed) { return get(packed, "texts").As<Napi::Uint8Array>(); }
Napi::Float64Array numbers_of(Napi::Object packed) { return get(packed, "numbers").As<Napi::Float64Array>(); }

template <typename Field>
Napi::Array names_of(Napi::Env env, const Field* fields, size_t count) {
  auto names = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; i++) names.Set(i, fields[i].name);
  return names;
}

template <typename Field, size_t kCount>
Napi::Array names_of(Napi::Env env, const Field (&fields)[kCount]) {
  return names_of(env, fields, kCount);
}

Napi::Array warning_names(Napi::Env env) {
  auto names = Napi::Array::New(env, std::size(kWarnings));
  for (uint32_t i = 0; i < std::size(kWarnings); i++) names.Set(i, kWarnings[i]);
  return names;
}

Napi::Array kind_names(Napi::Env env) {
  auto names = Napi::Array::New(env, kKindCount);
  for (uint32_t i = 0; i < kKindCount; i++) names.Set(i, kKinds[i].name + (" " + std::to_string(kKinds[i].parameters)));
  return names;
}

}  // namespace

Napi::Object contract(Napi::Env env) {
  auto object = Napi::Object::New(env);
  object.Set("fileTexts", names_of(env, kFileTexts));
  object.Set("fileNumbers", names_of(env, kFileNumbers));
  object.Set("sliceNumbers", names_of(env, kSliceNumbers));
  object.Set("noiseNumbers", names_of(env, kNoiseNumbers));
  object.Set("layerTexts", names_of(env, kLayerTexts));
  object.Set("layerNumbers", names_of(env, kLayerNumbers));
  object.Set("levelNumbers", names_of(env, kLevelNumbers));
  object.Set("takeNumbers", names_of(env, kTakeNumbers));
  object.Set("figures", names_of(env, kFigures));
  object.Set("tally", names_of(env, kTally));
  object.Set("warnings", warning_names(env));
  object.Set("sampleFormats", names_of(env, kSampleFormats));
  object.Set("codecs", names_of(env, kCodecs, kCodecCount));
  object.Set("kinds", kind_names(env));
  return object;
}

PackedFiles::PackedFiles(Napi::Object packed) {
  const Napi::Uint8Array texts = texts_of(packed);
  const Napi::Float64Array numbers = numbers_of(packed);
  texts_.assign(texts.Data(), texts.Data() + texts.ElementLength());
  numbers_.assign(numbers.Data(), numbers.Data() + numbers.ElementLength());
  starts_.resize(count_of(packed));
  Unpacker unpacker(texts_.data(), numbers_.data());
  for (Start& start : starts_) {
    start = {unpacker.text(), unpacker.number()};
    unpacker.read_file();
  }
}

EtlJob PackedFiles::job(size_t index) const { return Unpacker(starts_[index].text, starts_[index].number).read_file(); }

std::vector<SliceJob> read_slice_jobs(Napi::Object packed) {
  Unpacker unpacker(reinterpret_cast<const char*>(texts_of(packed).Data()), numbers_of(packed).Data());
  const auto bytes = get(packed, "bytes").As<Napi::Array>();
  std::vector<SliceJob> jobs(count_of(packed));
  for (SliceJob& job : jobs) {
    const Napi::HandleScope scope(packed.Env());
    const Napi::Value slice = bytes.Get(static_cast<uint32_t>(&job - jobs.data()));
    if (slice.IsEmpty()) throw EnvironmentEnded{};
    auto memory = slice.As<Napi::Uint8Array>();
    job.bytes = memory.Data();
    job.length = memory.ByteLength();
    unpacker.read(kSliceNumbers, job);
    unpacker.read(job.noise);
    job.settings.levels.resize(job.noise.layers.size());
    unpacker.read(job.settings.levels);
  }
  return jobs;
}

std::vector<napi_value> write_outcomes(Napi::Env env, const std::vector<Settled<EtlOutcome>>& group) {
  return {write_indexes(env, group), write_figures(env, group), write_failures(env, group), write_layers(env, group)};
}

std::vector<napi_value> write_outcomes(Napi::Env env, const std::vector<Settled<SliceOutcome>>& group) {
  auto outcomes = Napi::Array::New(env, group.size());
  if (outcomes.IsEmpty()) throw EnvironmentEnded{};
  for (uint32_t place = 0; place < group.size(); place++) {
    const auto& [tally, failure] = *group[place].outcome;
    outcomes.Set(place, failure ? write_failure(env, *failure) : write_tally(env, tally));
  }
  return {write_indexes(env, group), outcomes};
}

}  // namespace noisemill
