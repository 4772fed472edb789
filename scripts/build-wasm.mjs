// `npm run build:wasm`: compiles the kernels to WebAssembly in dist, with clang and lld for wasm32.
// Without these tools it prints one line, because worker threads can compute in TypeScript. It
// fails only if NOISEMILL_WASM is "require".
import { rmSync } from 'node:fs'
import path from 'node:path'
import { canRun, root, run } from './commands.mjs'

const OUTPUT = 'dist/kernels.wasm'
/**
 * Memory of the module. A job with one layer takes less than 2 MB; see lib/core/transform.ts. 16 layers of coloured noise
 * for 1024 channels take 20 MB. The system gives memory that is not used to nobody.
 */
const MEMORY_BYTES = 64 * 1024 * 1024
const compiler = process.env.WASM_CXX ?? 'clang++'

const flags = [
  '--target=wasm32',
  '-std=c++17',
  '-O3',
  '-msimd128',
  '-mbulk-memory',
  '-ffreestanding',
  '-nostdlib',
  '-fno-exceptions',
  '-fno-rtti',
  '-ffp-contract=off',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-Wall',
  '-Wextra',
  '-Inative',
  '-Inative/core',
  '-Wl,--no-entry',
  '-Wl,--export=__heap_base',
  `-Wl,--initial-memory=${MEMORY_BYTES}`,
]

rmSync(path.join(root, OUTPUT), { force: true })
try {
  if (!canRun(compiler)) throw new Error(`"${compiler}" does not run`)
  run(compiler, [...flags, '-o', OUTPUT, 'native/simd/wasm.cc'])
} catch (error) {
  const reason = error.message.trim().split('\n').slice(0, 3).join(' ')
  console.error(
    `noisemill: the WebAssembly kernels were not built (${reason}); worker threads will compute in TypeScript.`,
  )
  process.exitCode = process.env.NOISEMILL_WASM === 'require' ? 1 : 0
}
