#include "stems.h"

#include <algorithm>
#include <cmath>

#include "simd/kernels.h"
#include "transform.h"

namespace noisemill {

namespace {

// From this magnitude on, every double is an integer, so that adding and subtracting it rounds half
// to even.
constexpr double kIntegers = 4503599627370496.0;

double round_half_even(double v) {
  const double magic = v < 0 ? -kIntegers : kIntegers;
  return std::abs(v) < kIntegers ? (v + magic) - magic : v;
}

// Whether a format can hold a finite value. The grid of PCM ends one step below 1.
template <typename T>
bool is_fit(T value, const SampleFormat& format) {
  return format.is_float ? std::isfinite(value) : value >= T(-1) && value < T(1);
}

// Scales a signal in place, as mixing scales it. Returns how many values the format cannot hold; 0
// takes their place.
template <typename T>
uint64_t scale(T* values, size_t count, const FrameLayout& layout, double gain) {
  const SampleFormat& format = *layout.format;
  const T factor = static_cast<T>(gain);
  const double steps = static_cast<double>(int64_t{1} << (layout.valid_bits - 1));
  uint64_t unfit = 0;
  for (size_t i = 0; i < count; i++) {
    const T x = values[i];
    if (!std::isfinite(x)) continue;
    const T product = x * factor;
    const T c = format.is_float ? product : static_cast<T>(round_half_even(static_cast<double>(product) * steps) / steps);
    const bool fits = is_fit(c, format);
    values[i] = fits ? c : T(0);
    if (!fits) unfit++;
  }
  return unfit;
}

// Subtracts the clean signal from the mixture, in place. The difference is 0 where the signal is not
// finite. Returns how many differences the format cannot hold; 0 takes their place.
template <typename T>
uint64_t subtract(T* mixture, const T* clean, size_t count, const SampleFormat& format) {
  uint64_t unfit = 0;
  for (size_t i = 0; i < count; i++) {
    const T difference = mixture[i] - clean[i];
    const bool fits = is_fit(difference, format);
    mixture[i] = fits ? difference : T(0);
    if (!fits && std::isfinite(clean[i])) unfit++;
  }
  return unfit;
}

}  // namespace

StemMaker::StemMaker(const FrameLayout& layout, double gain, Arena& arena)
    : layout_(layout), gain_(gain), piece_samples_(piece_frames(layout.channels) * layout.channels) {
  clean_scratch_ = arena.take<uint8_t>(sample_scratch_bytes(*layout.format, piece_samples_));
  noise_scratch_ = arena.take<uint8_t>(sample_scratch_bytes(*layout.format, piece_samples_));
}

void StemMaker::make(uint8_t* clean, uint8_t* noise, size_t length) {
  const size_t bytes = layout_.format->bytes;
  for (size_t at = 0; at < length; at += piece_samples_ * bytes) {
    piece(clean + at, noise + at, std::min(piece_samples_, (length - at) / bytes));
  }
}

void StemMaker::piece(uint8_t* clean, uint8_t* noise, size_t count) {
  const SampleFormat& format = *layout_.format;
  const Kernels& use = kernels();
  if (layout_.big_endian) {
    swap_bytes(format, clean, count);
    swap_bytes(format, noise, count);
  }
  void* const signal = use.decode(format, clean, count, clean_scratch_);
  // Otherwise the signal keeps all its bits, those of padding and of NaNs included.
  if (gain_ != 1) {
    unfit += format.wide ? scale(static_cast<double*>(signal), count, layout_, gain_) : scale(static_cast<float*>(signal), count, layout_, gain_);
    use.encode(format, signal, clean, count);
  }
  void* const rest = use.decode(format, noise, count, noise_scratch_);
  unfit += format.wide ? subtract(static_cast<double*>(rest), static_cast<const double*>(signal), count, format)
                       : subtract(static_cast<float*>(rest), static_cast<const float*>(signal), count, format);
  use.encode(format, rest, noise, count);
  if (layout_.big_endian) {
    swap_bytes(format, clean, count);
    swap_bytes(format, noise, count);
  }
}

}  // namespace noisemill
