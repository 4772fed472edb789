// Compiles the kernels to WebAssembly with clang and lld for wasm32, where they are. Without them worker threads compute in
// TypeScript: that is said in one line, and is a failure only where NOISEMILL_WASM is "require".
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'

const OUTPUT = 'dist/kernels.wasm'
/** The largest job takes less than 2 MB, see lib/core/transform.ts. */
const MEMORY_BYTES = 4 * 1024 * 1024
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

rmSync(OUTPUT, { force: true })
const { status, error, stderr } = spawnSync(compiler, [...flags, '-o', OUTPUT, 'native/simd/wasm.cc'], {
  encoding: 'utf8',
})
if (status !== 0) {
  const reason = error ? `"${compiler}" does not run` : stderr.trim().split('\n').slice(0, 3).join(' ')
  console.error(
    `noisemill: the WebAssembly kernels were not built (${reason}); worker threads will compute in TypeScript.`,
  )
  process.exit(process.env.NOISEMILL_WASM === 'require' ? 1 : 0)
}
