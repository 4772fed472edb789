/** Chooses the backend of a pool, and gives the reason. */

import { checkWish } from '../checks.js'
import { tsKernels } from '../core/kernels.js'
import { wasmKernels } from '../core/kernels-wasm.js'
import { cpuQuota } from '../cpus.js'
import { NoisemillError } from '../errors.js'
import { hasFiles, packageFile } from '../package-files.js'
import { warnProcess } from '../warnings.js'
import { chooseInstructionSet, loadAddon, type MissingAddon } from './addon.js'
import type { Backend, BackendName } from './backend.js'
import { inlineBackend } from './inline.js'
import type { ThreadKernels } from './messages.js'
import { nativeBackend } from './native.js'
import { checkPoolOptions, type PoolInfo, type PoolOptions, type PoolSettings } from './options.js'
import { processHosts } from './process-host.js'
import { processesBackend } from './processes.js'
import { threadHosts } from './thread-host.js'
import { loadWasmModule } from './wasm.js'
import { defaultWorkerSettings, type WorkerSettings } from './worker-options.js'
import { WorkerPool } from './worker-pool.js'
import { workersBackend } from './workers.js'

/** A new backend, and the fields of PoolInfo that depend on it. */
interface Opened {
  readonly backend: Backend
  readonly about: Pick<PoolInfo, 'binary' | 'kernel' | 'instructionSet' | 'libuvThreads'>
  /** Why the backend works in a slower way than it could, in words; undefined if it does not. */
  readonly note?: string
  /**
   * Returns why fewer worker threads than `size` could be started, in words. Undefined if the
   * backend has no worker threads.
   */
  readonly shortage?: () => string | undefined
}

/**
 * Makes the backend of each name. Add an entry for a new backend. Each function throws if its
 * backend is not available.
 */
const openers: Readonly<Record<BackendName, (settings: PoolSettings) => Opened>> = {
  native: openNative,
  workers: openWorkers,
  processes: openProcesses,
  inline: openInline,
}

/**
 * Makes a backend of this package, which you can wrap in a backend of your own or use to run jobs
 * in another process. Close it when you no longer need it; a pool closes a backend that it was
 * given. A backend object in the options is returned unchanged.
 *
 * @param options as for `Pool`
 * @throws NoisemillError E_OPTION_INVALID, E_OPTION_UNKNOWN, E_BACKEND_UNAVAILABLE,
 * E_KERNEL_UNAVAILABLE or E_ISA_UNAVAILABLE
 * @example
 * import { type Backend, createBackend, noiseTask, Pool } from 'noisemill'
 *
 * const inner = createBackend({ backend: 'workers', size: 2 })
 * let jobs = 0
 * const counting: Backend = {
 *   ...inner,
 *   name: 'counting',
 *   execute(chunk) {
 *     jobs += chunk.jobs.length
 *     return inner.execute(chunk)
 *   },
 * }
 * await using pool = new Pool({ backend: counting })
 * await pool.map(noiseTask({ out: 'noisy', snr: 10 }), ['speech/a.wav', 'speech/b.wav'])
 * console.log(jobs) // -> 2
 */
export function createBackend(options: PoolOptions = {}): Backend {
  return chooseBackend(options).backend
}

/**
 * A chosen backend, and a function that gives its PoolInfo, which may change while the backend
 * works.
 */
interface Chosen {
  readonly backend: Backend
  readonly info: () => PoolInfo
}

/** Makes the backend that the options ask for. Throws as `createBackend`. */
export function chooseBackend(options: PoolOptions): Chosen {
  const settings = checkPoolOptions(options, Object.keys(openers) as BackendName[])
  if (typeof settings.backend === 'object') {
    const info = infoOfGiven(settings.backend)
    return { backend: settings.backend, info: () => info }
  }
  const { name, reason, remedy } = chooseName(settings.backend)
  const { backend, about, note, shortage } = openers[name](settings)
  const because = note === undefined ? reason : `${reason}; ${note}`
  const { size } = settings
  const fixed = { backend: name, reason: because, remedy, size, ...about, cpuQuota: cpuQuota() }
  return { backend, info: () => ({ ...fixed, threads: backend.threads, shortage: shortage?.() ?? null }) }
}

function infoOfGiven({ name, threads }: Backend): PoolInfo {
  const nothingKnown = {
    remedy: null,
    binary: null,
    kernel: null,
    instructionSet: null,
    libuvThreads: 0,
    shortage: null,
  } as const
  return { backend: name, reason: 'given', size: threads, threads, ...nothingKnown, cpuQuota: cpuQuota() }
}

interface Choice {
  readonly name: BackendName
  readonly reason: string
  readonly remedy: string | null
}

function chooseName(wanted: BackendName | 'auto'): Choice {
  if (wanted !== 'auto') return { name: wanted, reason: 'asked for', remedy: null }
  const loaded = loadAddon()
  if ('addon' in loaded) return { name: 'native', reason: 'the addon loads', remedy: null }
  if (checkWish('NOISEMILL_NATIVE') === 'require') throw unavailable('NOISEMILL_NATIVE', loaded)
  const { remedy } = loaded
  const reason = `no addon: ${loaded.reason}`
  if (!hasFiles()) {
    warnOfBundle()
    return { name: 'inline', reason, remedy }
  }
  if (mayStartThreads()) return { name: 'workers', reason, remedy }
  return {
    name: 'inline',
    reason: `${reason}; no worker threads: Node is not allowed to start them`,
    remedy: `${remedy}; or run Node with --allow-worker`,
  }
}

let hasWarned = false

/** Warns once that functions and noise will take longer than they must. */
function warnOfBundle(): void {
  if (!hasWarned) warnProcess('W_BUNDLED', 'noisemill was bundled without the files that its workers load')
  hasWarned = true
}

const unavailable = (option: string, { reason, remedy }: MissingAddon) =>
  new NoisemillError('E_BACKEND_UNAVAILABLE', { option, received: `${reason}; to get the addon, ${remedy}` })

const NO_FILES = 'workers load files of the package, from which the code was bundled; exclude noisemill from the bundle'

function openNative({ size, workers: workerSettings }: PoolSettings): Opened {
  const loaded = loadAddon()
  if (!('addon' in loaded)) throw unavailable('backend', loaded)
  const { addon, binary } = loaded
  const instructionSet = chooseInstructionSet(addon)
  const workers = threadPool(size, undefined, workerSettings)
  const backend = nativeBackend(addon, size, workersBackend(workers))
  const about = { binary, kernel: 'c++', instructionSet, libuvThreads: backend.libuvThreads } as const
  return { backend, about, shortage: () => workers.shortage }
}

/** @param kernels undefined to use the TypeScript kernels */
const threadPool = (size: number, kernels: ThreadKernels | undefined, settings: WorkerSettings) =>
  new WorkerPool(size, threadHosts(packageFile('dist/thread-entry.js'), kernels, settings), settings.recycling)

function openWorkers(settings: PoolSettings): Opened {
  if (!hasFiles()) throw new NoisemillError('E_BACKEND_UNAVAILABLE', { option: 'backend', received: NO_FILES })
  const { kernels, ...rest } = openKernel(settings)
  const workers = threadPool(settings.size, kernels, settings.workers)
  return { backend: workersBackend(workers), shortage: () => workers.shortage, ...rest }
}

function openProcesses(settings: PoolSettings): Opened {
  if (!hasFiles()) throw new NoisemillError('E_BACKEND_UNAVAILABLE', { option: 'backend', received: NO_FILES })
  const { size, workers: workerSettings } = settings
  const hosts = processHosts(packageFile('dist/process-entry.js'), workerSettings)
  const processes = new WorkerPool(size, hosts, workerSettings.recycling)
  const open = 'addon' in loadAddon() ? openNative : openWorkers
  const noise = open({ ...settings, workers: defaultWorkerSettings })
  return { ...noise, backend: processesBackend(processes, noise.backend), shortage: () => processes.shortage }
}

function openInline(settings: PoolSettings): Opened {
  const { kernels, ...rest } = openKernel(settings)
  return { backend: inlineBackend(kernels ? wasmKernels(kernels.module) : tsKernels), ...rest }
}

/**
 * Returns the compiled kernels, or none if TypeScript is used, with a note if the caller did not
 * ask for that.
 */
function openKernel({ kernel }: PoolSettings): Omit<Opened, 'backend'> & { readonly kernels?: ThreadKernels } {
  const about = { binary: null, kernel: 'ts', instructionSet: null, libuvThreads: 0 } as const
  if (kernel === 'ts') return { about }
  const loaded = loadWasmModule()
  const asking = kernel === 'wasm' ? 'kernel' : checkWish('NOISEMILL_WASM') === 'require' ? 'NOISEMILL_WASM' : undefined
  if ('module' in loaded) {
    const kernels = { module: loaded.module, isRequired: asking !== undefined }
    return { kernels, about: { ...about, kernel: 'wasm' } }
  }
  if (asking) throw new NoisemillError('E_KERNEL_UNAVAILABLE', { option: asking, received: loaded.reason })
  return { about, note: `no wasm kernel: ${loaded.reason}` }
}

/** Whether Node may start worker threads. Its permission model can forbid it. */
function mayStartThreads(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } }
  return permission?.has('worker') ?? true
}
