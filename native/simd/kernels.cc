// Compiled once for each instruction set, with its name in NOISEMILL_ISA and its compiler flags.
// Everything except the table has internal linkage. Otherwise the linker could use one of these
// functions in place of a shared copy for older processors.
#include "simd/kernels.h"

#include "core/mix.inl"
#include "core/wav/samples.inl"

#define NOISEMILL_TABLE_OF(isa) kernels_##isa
#define NOISEMILL_TABLE(isa) NOISEMILL_TABLE_OF(isa)
#define NOISEMILL_NAME_OF(isa) #isa
#define NOISEMILL_NAME(isa) NOISEMILL_NAME_OF(isa)

// The conditions under which all machines give the same bytes.
static_assert(__FLT_EVAL_METHOD__ == 0, "float32 and float64 must be computed as such (on x86: SSE, not x87)");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "samples are used where they lie, and WAV is little-endian");

namespace noisemill {

#define NOISEMILL_FILL(Kind) Kind::fill,

extern const Kernels NOISEMILL_TABLE(NOISEMILL_ISA);
const Kernels NOISEMILL_TABLE(NOISEMILL_ISA) = {
    NOISEMILL_NAME(NOISEMILL_ISA), {NOISEMILL_GENERATED(NOISEMILL_FILL)}, filter, decode, encode, measure, survey, mix,
};

}  // namespace noisemill
