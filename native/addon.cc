// Registrations only.
#include <napi.h>

#include "batch.h"

using noisemill::init_batch;

NODE_API_MODULE(noisemill, init_batch)
