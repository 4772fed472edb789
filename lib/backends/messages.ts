/** The messages between a worker thread and the ThreadPool that owns it. */

import type { EtlJob } from '../core/etl.js'
import type { WasmModule } from '../core/kernels-wasm.js'
import type { SliceJob } from '../core/slice.js'
import type { ErrorCode } from '../error-codes.js'
import { NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import type { TaskFiles } from './nesting.js'
import { type Thrown, unpackThrown } from './thrown.js'

/** A failure as plain data, of which the pool makes a NoisemillError. */
export interface ThreadFailure {
  readonly code: ErrorCode
  readonly received?: string
  readonly thrown?: Thrown
}

/**
 * Makes the error of a failure. It never throws, because nothing could catch that in the handler of
 * a thread's messages, which may be a user's own.
 */
export function asError(failure: ThreadFailure): NoisemillError {
  try {
    const { code, received, thrown } = failure
    const cause = thrown && unpackThrown(thrown)
    return new NoisemillError(code, { ...(received !== undefined && { received }), cause })
  } catch (cause) {
    return new NoisemillError('E_BACKEND_FAILED', { cause })
  }
}

export type ThreadOutcome = { readonly value: unknown; readonly lost?: string } | { readonly failure: ThreadFailure }

export type ToThread =
  /** Gives a module's function a number. `call.data` crosses only with this message. */
  | { readonly kind: 'module'; readonly id: number; readonly call: ModuleCall }
  /**
   * Asks the thread to answer 'flushed' when everything that it has printed so far has reached the
   * parent.
   */
  | { readonly kind: 'flush' }
  | ThreadChunk

/** A chunk as plain data. */
export type ThreadChunk = { readonly cancelled: Int32Array } & (
  | { readonly kind: 'files'; readonly jobs: readonly EtlJob[] }
  | { readonly kind: 'slices'; readonly jobs: readonly SliceJob[] }
  /** Items for the function with this number. */
  | { readonly kind: 'calls'; readonly jobs: readonly unknown[]; readonly id: number }
)

export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'settled'; readonly outcomes: readonly (readonly [index: number, outcome: ThreadOutcome])[] }
  /** The chunk has ended. Everything that its jobs have printed has reached the parent. */
  | { readonly type: 'done'; readonly milliseconds: number }
  | { readonly type: 'flushed' }
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
   * Array of one element: the index of the job that the thread began last. If it dies, the pool
   * knows which job it was.
   */
  readonly begun: Int32Array
  /** Kernels for files and slices; undefined to use the TypeScript kernels. */
  readonly wasm: ThreadKernels | undefined
  /** Files of task modules, as the thread that started this one knew them. */
  readonly files: TaskFiles
}
