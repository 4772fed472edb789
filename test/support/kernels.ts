import { loadWasmModule } from '../../dist-lib/backends/wasm.js'
import type { Kernels } from '../../dist-lib/core/kernels.js'
import { wasmKernels } from '../../dist-lib/core/kernels-wasm.js'

const loaded = loadWasmModule()
if ('reason' in loaded && process.env.NOISEMILL_WASM === 'require')
  throw new Error(`the wasm kernels are missing: ${loaded.reason}`)

/** The kernels of WebAssembly, where they were built; with NOISEMILL_WASM=require, as in CI, their absence is an error. */
export const wasm: Kernels | undefined = 'module' in loaded ? wasmKernels(loaded.module) : undefined

/** What the backends without addon compute with here, unless told otherwise. */
export const jsKernel = wasm ? 'wasm' : 'ts'
