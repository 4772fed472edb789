import { loadWasmModule } from '../../dist-lib/backends/wasm.js'
import type { Kernels } from '../../dist-lib/core/kernels.js'
import { type WasmModule, wasmKernels } from '../../dist-lib/core/kernels-wasm.js'

const loaded = loadWasmModule()
if ('reason' in loaded && process.env.NOISEMILL_WASM === 'require')
  throw new Error(`the wasm kernels are missing: ${loaded.reason}`)

/** The WebAssembly module, if it was built. */
export const wasmModule: WasmModule | undefined = 'module' in loaded ? loaded.module : undefined

/** The WebAssembly kernels, if they were built. With NOISEMILL_WASM=require, as in CI, their absence is an error. */
export const wasm: Kernels | undefined = wasmModule && wasmKernels(wasmModule)

/** Default kernel of the backends without the addon. */
export const jsKernel = wasm ? 'wasm' : 'ts'
