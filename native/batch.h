// Jobs in, results out: the border between JavaScript and core.
#pragma once

#include <napi.h>

namespace noisemill {

// Exports, typed in lib/backends/addon.ts:
//   instructionSets(): string[]       that this machine can run, the best one first, which is the one in use
//   useInstructionSet(name): boolean  uses another for all work from then on; false if there is no such
//   createCancel(): Cancel            a flag that stops the batches it was given to
//   cancel(flag: Cancel): void
//   runBatch(jobs, flag, onSettled): Promise<number>
//                                     runs the jobs, one after the other, on one thread of the libuv pool;
//                                     onSettled(index, outcome) for each, coalesced; resolves after the last,
//                                     to the milliseconds that they took
Napi::Object init_batch(Napi::Env env, Napi::Object exports);

}  // namespace noisemill
