// Powers and logarithms of 2 from sums, products and quotients alone, because libraries differ in the
// last bits of theirs, and every bit of a level changes the output.
#pragma once

namespace noisemill {

// Returns 2^x.
double power_of_2(double x);

// Returns the logarithm of a positive, finite number to the base 2.
double log_to_2(double x);

}  // namespace noisemill
