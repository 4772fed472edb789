import { loadWasmModule } from '../../dist-lib/core/kernels-wasm.js'

/** What the backends without addon compute with here, unless told otherwise. */
export const jsKernel = 'module' in loadWasmModule() ? 'wasm' : 'ts'
