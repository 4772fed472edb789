/** Which backend a pool has, and why. */

import { chooseInstructionSet, type FoundAddon, loadAddon } from '../backends/addon.js'
import type { Backend, BackendName } from '../backends/backend.js'
import { inlineBackend } from '../backends/inline.js'
import { nativeBackend } from '../backends/native.js'
import { Threads } from '../backends/threads.js'
import { loadWasmModule } from '../backends/wasm.js'
import { workersBackend } from '../backends/workers.js'
import { checkWish } from '../checks.js'
import { type KernelName, tsKernels } from '../core/kernels.js'
import { type WasmModule, wasmKernels } from '../core/kernels-wasm.js'
import { NoisemillError } from '../errors.js'
import { hasFiles } from '../places.js'
import type { PoolInfo } from './options.js'

interface Chosen {
  readonly threads: Threads
  readonly backend: Backend
  readonly info: PoolInfo
}

/** Throws NoisemillError E_BACKEND_UNAVAILABLE or E_KERNEL_UNAVAILABLE for what was asked for and cannot be had. */
export function chooseBackend(wanted: BackendName | 'auto', kernel: KernelName | 'auto', size: number): Chosen {
  if (wanted !== 'auto' && wanted !== 'native')
    return withoutAddon(wanted, kernel, size, { reason: 'asked for', remedy: null })
  const loaded = loadAddon()
  if ('addon' in loaded) return withAddon(loaded, wanted === 'native' ? 'asked for' : 'the addon loads', size)
  const { reason, remedy } = loaded
  const asking =
    wanted === 'native' ? 'backend' : checkWish('NOISEMILL_NATIVE') === 'require' ? 'NOISEMILL_NATIVE' : undefined
  if (asking)
    throw new NoisemillError('E_BACKEND_UNAVAILABLE', { option: asking, received: `${reason}; to have it, ${remedy}` })
  if (!hasFiles()) return withoutAddon('inline', kernel, size, { reason: `no addon: ${reason}`, remedy })
  if (mayStartThreads()) return withoutAddon('workers', kernel, size, { reason: `no addon: ${reason}`, remedy })
  return withoutAddon('inline', kernel, size, {
    reason: `no addon: ${reason}; and no worker threads: Node may not start them here`,
    remedy: `${remedy}; or run Node with --allow-worker`,
  })
}

function withAddon({ addon, binary }: FoundAddon, reason: string, size: number): Chosen {
  const instructionSet = chooseInstructionSet(addon)
  const threads = new Threads(size)
  const backend = nativeBackend(addon, size, workersBackend(threads).files)
  const { libuvThreads } = backend
  const about = { backend: backend.name, reason, remedy: null, binary, kernel: 'c++', instructionSet } as const
  return { threads, backend, info: { ...about, size, threads: size, libuvThreads } }
}

function withoutAddon(
  name: 'workers' | 'inline',
  kernel: KernelName | 'auto',
  size: number,
  { reason, remedy }: { reason: string; remedy: string | null },
): Chosen {
  const { module, why } = chooseKernel(kernel)
  const threads = new Threads(size, undefined, module)
  const backend = name === 'inline' ? inlineBackend(module ? wasmKernels(module) : tsKernels) : workersBackend(threads)
  const because = why === '' ? reason : `${reason}; ${why}`
  const about = { backend: name, reason: because, remedy, binary: null, kernel: module ? 'wasm' : 'ts' } as const
  const counts = { size, threads: name === 'inline' ? 1 : size, libuvThreads: 0 }
  return { threads, backend, info: { ...about, instructionSet: null, ...counts } }
}

/** The compiled module, or none for the TypeScript kernels, and why, where it was not asked for. */
function chooseKernel(kernel: KernelName | 'auto'): { module: WasmModule | undefined; why: string } {
  if (kernel === 'ts') return { module: undefined, why: '' }
  const loaded = loadWasmModule()
  if ('module' in loaded) return { module: loaded.module, why: '' }
  const asking = kernel === 'wasm' ? 'kernel' : checkWish('NOISEMILL_WASM') === 'require' ? 'NOISEMILL_WASM' : undefined
  if (asking) throw new NoisemillError('E_KERNEL_UNAVAILABLE', { option: asking, received: loaded.reason })
  return { module: undefined, why: `no wasm kernel: ${loaded.reason}` }
}

/** False where Node's permission model is on and does not allow it. */
function mayStartThreads(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } }
  return permission?.has('worker') ?? true
}
