/** The messages between a worker thread and the WorkerPool that owns it. */

import type { MessagePort } from 'node:worker_threads'
import type { EtlJob } from '../core/etl.js'
import type { WasmModule } from '../core/kernels-wasm.js'
import type { SliceJob } from '../core/slice.js'
import type { ErrorCode } from '../error-codes.js'
import { NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import type { CpuUse } from './cpu-use.js'
import type { HistogramData } from './histogram.js'
import type { TaskFiles } from './nesting.js'
import type { Packed } from './packing.js'
import type { PassOffer } from './sharing.js'
import { type Thrown, unpackThrown } from './thrown.js'
import type { TimeSpent } from './timesheet.js'

/** A failure as plain data, of which the pool makes a NoisemillError. */
export interface WorkerFailure {
  readonly code: ErrorCode
  readonly received?: string
  readonly thrown?: Thrown
}

/**
 * Makes the error of a failure. It never throws, because nothing could catch that in the handler of
 * a thread's messages, which may be a user's own.
 */
export function asError(failure: WorkerFailure): NoisemillError {
  try {
    const { code, received, thrown } = failure
    const cause = thrown && unpackThrown(thrown)
    return new NoisemillError(code, { ...(received !== undefined && { received }), cause })
  } catch (cause) {
    return new NoisemillError('E_BACKEND_FAILED', { cause })
  }
}

/** The outcome of a job in a thread; `isLarge` as in `Look`. */
export type WorkerOutcome =
  | {
      readonly value: unknown
      readonly lost?: string
      readonly isLarge?: boolean
      /** What leaves the thread with the value. */
      readonly transfer?: readonly ArrayBuffer[]
    }
  | { readonly failure: WorkerFailure }

export type ToWorker =
  /** Gives a module's function a number. `call.data` crosses only with this message. */
  | { readonly kind: 'module'; readonly id: number; readonly call: ModuleCall }
  /** Releases the function with this number, with its data of this size, shared memory included. */
  | { readonly kind: 'release'; readonly id: number; readonly bytes: number }
  /**
   * Asks the thread to answer 'flushed' when everything that it has printed so far has reached the
   * parent. If `tearsDown`, it releases all functions before.
   */
  | { readonly kind: 'flush'; readonly tearsDown: boolean }
  /** Aborts the signals of the calls of a load that are in progress. */
  | { readonly kind: 'abort'; readonly load: number }
  /** Asks the thread to help with the file of another, as the helper with this number. */
  | { readonly kind: 'help'; readonly offer: PassOffer; readonly helper: number }
  | LoadMessage

/** Jobs of a chunk that a thread gets together, as plain data. */
export type LoadMessage = {
  /** Number of the load, which reports name. */
  readonly load: number
  /** Its place in the worker's ledger. */
  readonly at: number
} & (
  | { readonly kind: 'files'; readonly jobs: readonly EtlJob[]; readonly cancelled: Int32Array }
  | { readonly kind: 'slices'; readonly jobs: readonly SliceJob[]; readonly cancelled: Int32Array }
  /** Items for the function with this number. */
  | {
      readonly kind: 'calls'
      readonly jobs: Packed
      readonly id: number
      readonly concurrency: number
      readonly attempt: number
      readonly timeout: number | undefined
      readonly deadlines: Int32Array | number | undefined
    }
)

/** Outcomes of some jobs of a load. */
export interface Settled {
  readonly type: 'settled'
  readonly load: number
  /** Index of the first job, or of each job if they do not follow each other. */
  readonly at: number | readonly number[]
  /** The values of the jobs; undefined for those that failed. */
  readonly values: Packed
  /** Bytes of buffers among the values that left the thread without a copy; 0 if there are none. */
  readonly moved: number
  /** The failures, by their position in `values`. */
  readonly failures?: readonly (readonly [position: number, failure: WorkerFailure])[]
  /** What values lost, by their position in `values`. */
  readonly lost?: readonly (readonly [position: number, lost: string])[]
}

/** What a thread measured of a load. */
export interface LoadFigures {
  /** When its first job was begun, on the shared clock. */
  readonly began: number
  /** When its last job had ended, on the shared clock. */
  readonly ended: number
  /** How the thread spent its time since the end of the load before. */
  readonly spent: TimeSpent
  /** What its process used of the CPUs in that time; undefined if that is the pool's process. */
  readonly used: CpuUse | undefined
  /** Times of the jobs. */
  readonly times: HistogramData
  /** Bytes of the thread's heap and buffers; 0 if it was not asked to weigh itself. */
  readonly weight: number
}

/**
 * The thread has no more work on a load. Everything that its jobs have printed has reached the
 * parent.
 */
export interface Done {
  readonly type: 'done'
  readonly load: number
  readonly figures: LoadFigures
  /** Outcomes that were not reported before. */
  readonly last: Settled | undefined
}

export type FromWorker =
  /** The thread's own code has started, at a time of the shared clock. */
  | { readonly type: 'ready'; readonly at: number }
  | Settled
  | Done
  | { readonly type: 'flushed' }
  /** What a function's teardown threw, in words. */
  | { readonly type: 'teardownFailed'; readonly what: string }
  /** The thread works on a long file, and others may help. */
  | { readonly type: 'offer'; readonly offer: PassOffer }
  /** The thread does not help any more. */
  | { readonly type: 'helped' }
  /** The error that is about to end the thread, unless a handler in the thread catches it. */
  | { readonly type: 'uncaught'; readonly thrown: Thrown }
  /**
   * The thread uses the TypeScript kernels, because it could not make an instance of the
   * WebAssembly module.
   */
  | { readonly type: 'fallback'; readonly reason: string }

/**
 * The compiled WebAssembly kernels. Each thread makes an instance, which fails if the system
 * refuses its memory.
 */
export interface ThreadKernels {
  readonly module: WasmModule
  /** Whether the caller asked for them. If so, a thread does not fall back to TypeScript. */
  readonly isRequired: boolean
}

/** The data that a thread is started with. */
export interface ThreadData {
  /**
   * The thread's end of its channel. Users' modules cannot reach it, unlike `parentPort`, because the
   * thread removes it from its `workerData`.
   */
  readonly port: MessagePort
  /** The words of its ledger. */
  readonly ledger: Int32Array
  /** Kernels for files and slices; undefined to use the TypeScript kernels. */
  readonly wasm: ThreadKernels | undefined
  /** Whether it reports how many bytes it has. */
  readonly weighs: boolean
  /** Files of task modules, as the thread that started this one knew them. */
  readonly files: TaskFiles
}

/** The first message to a worker process. */
export interface ProcessData {
  /** Files of task modules, as the thread that started the process knew them. */
  readonly files: TaskFiles
  /** Whether it reports how many bytes it has. */
  readonly weighs: boolean
  /** Its title in lists of processes. */
  readonly name: string | undefined
}
