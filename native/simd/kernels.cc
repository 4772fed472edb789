// Compiled once for each instruction set, with NOISEMILL_ISA the name of one and the compiler flags that allow it. Everything in
// here has internal linkage but the table, so that no function of it can stand in for one that others share.
#include "simd/kernels.h"

#include "core/mix.inl"
#include "core/wav/samples.inl"

#define NOISEMILL_TABLE_OF(isa) kernels_##isa
#define NOISEMILL_TABLE(isa) NOISEMILL_TABLE_OF(isa)
#define NOISEMILL_NAME_OF(isa) #isa
#define NOISEMILL_NAME(isa) NOISEMILL_NAME_OF(isa)

// What the same bytes everywhere rest on.
static_assert(__FLT_EVAL_METHOD__ == 0, "float32 and float64 must be computed as such (on x86: SSE, not x87)");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "samples are used where they lie, and WAV is little-endian");

namespace noisemill {

#define NOISEMILL_FILL(Kind) Kind::fill,

extern const Kernels NOISEMILL_TABLE(NOISEMILL_ISA);
const Kernels NOISEMILL_TABLE(NOISEMILL_ISA) = {
    NOISEMILL_NAME(NOISEMILL_ISA), {NOISEMILL_KINDS(NOISEMILL_FILL)}, decode, encode, measure, mix_float32, mix_float64,
};

}  // namespace noisemill
