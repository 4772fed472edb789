/** Loads the WebAssembly kernels, or finds out why they cannot be used. */

import { readFileSync } from 'node:fs'
import { checkWish } from '../checks.js'
import { compileKernels, type WasmModule } from '../core/kernels-wasm.js'
import { packageFile } from '../package-files.js'

export type LoadedModule = { readonly module: WasmModule } | { readonly reason: string }

/**
 * Returns the compiled module, or the reason why there is none. Throws NoisemillError
 * E_OPTION_INVALID if the variable NOISEMILL_WASM has an invalid value.
 */
export function loadWasmModule(): LoadedModule {
  if (checkWish('NOISEMILL_WASM') === 'off') return { reason: 'NOISEMILL_WASM is off' }
  try {
    return { module: compileKernels(readFileSync(packageFile('dist/kernels.wasm'))) }
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return { reason: isAbsent ? 'it was not built' : (error as Error).message }
  }
}
