/** Loads the WebAssembly kernels, or says why they cannot be used. */

import { readFileSync } from 'node:fs'
import { checkWish } from '../checks.js'
import { compileKernels, type WasmModule } from '../core/kernels-wasm.js'
import { packageFile } from '../package-files.js'

export type LoadedModule = { readonly module: WasmModule } | { readonly reason: string }

/** The module, compiled, or the reason why there is none. Throws only if NOISEMILL_WASM has a value that it cannot have. */
export function loadWasmModule(): LoadedModule {
  if (checkWish('NOISEMILL_WASM') === 'off') return { reason: 'NOISEMILL_WASM is off' }
  try {
    return { module: compileKernels(readFileSync(packageFile('dist/kernels.wasm'))) }
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return { reason: isAbsent ? 'it was not built' : (error as Error).message }
  }
}
