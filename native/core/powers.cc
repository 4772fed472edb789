#include "powers.h"

#include <cmath>

namespace noisemill {

namespace {
// Terms of Taylor's series of 2^x. For |x| <= 1/2, the remainder is far smaller than the rounding
// error.
constexpr int kExp2Terms = 17;
// Terms of the series of the logarithm, by the area tangent of t. For |t| <= 0.2, the remainder is
// below 1e-16.
constexpr int kLog2Terms = 11;
constexpr double kLn2 = 0.6931471805599453;
}  // namespace

double power_of_2(double x) {
  const double whole = std::floor(x + 0.5);
  const double rest = (x - whole) * kLn2;
  double power = 1;
  for (int n = kExp2Terms - 1; n >= 1; n--) power = 1 + (power * rest) / n;
  for (double i = 0; i < std::fabs(whole); i++) power *= whole > 0 ? 2 : 0.5;
  return power;
}

double log_to_2(double x) {
  double mantissa = x;
  double exponent = 0;
  for (; mantissa >= 1.5; exponent++) mantissa *= 0.5;
  for (; mantissa < 0.75; exponent--) mantissa *= 2;
  const double t = (mantissa - 1) / (mantissa + 1);
  const double square = t * t;
  double sum = 0;
  for (int n = kLog2Terms - 1; n >= 0; n--) sum = sum * square + 1.0 / (2 * n + 1);
  return exponent + (2 * t * sum) / kLn2;
}

}  // namespace noisemill
