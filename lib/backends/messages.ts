/** What the pool's threads and their owner say to each other. */

import type { EtlJob } from '../core/etl.js'
import type { WasmModule } from '../core/kernels-wasm.js'
import type { SliceJob } from '../core/slice.js'
import { type ErrorCode, NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import { type Thrown, unpackThrown } from './thrown.js'

/** A failure as it crosses: a NoisemillError is made of it on the other side. */
export interface ThreadFailure {
  readonly code: ErrorCode
  readonly received?: string
  readonly thrown?: Thrown
}

export function asError({ code, received, thrown }: ThreadFailure): NoisemillError {
  const cause = thrown && unpackThrown(thrown)
  return new NoisemillError(code, { ...(received !== undefined && { received }), cause })
}

export type ThreadOutcome = { readonly value: unknown; readonly lost?: string } | { readonly failure: ThreadFailure }

export type ToThread =
  /** Makes a module's function known under a number; `call.data` crosses this once. */
  | { readonly kind: 'module'; readonly id: number; readonly call: ModuleCall }
  /** Asks for 'flushed', once all that the thread has printed so far is there. */
  | { readonly kind: 'flush' }
  | ThreadChunk

/** A chunk as it crosses. */
export type ThreadChunk = { readonly cancelled: Int32Array } & (
  | { readonly kind: 'files'; readonly jobs: readonly EtlJob[] }
  | { readonly kind: 'slices'; readonly jobs: readonly SliceJob[] }
  /** Items for the function of that number. */
  | { readonly kind: 'calls'; readonly jobs: readonly unknown[]; readonly id: number }
)

export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'settled'; readonly outcomes: readonly (readonly [index: number, outcome: ThreadOutcome])[] }
  /** What the jobs have printed is there by then. */
  | { readonly type: 'done'; readonly milliseconds: number }
  | { readonly type: 'flushed' }
  /** What is about to end the thread, if nothing in it handles the error. */
  | { readonly type: 'uncaught'; readonly thrown: Thrown }
  /** The thread uses the TypeScript kernels, because it has no others. */
  | { readonly type: 'fallback'; readonly reason: string }

/** The compiled kernels of WebAssembly. Each thread makes an instance, and the system may refuse the memory for it. */
export interface ThreadKernels {
  readonly module: WasmModule
  /** Whether the caller asked for them: then there is no fallback to TypeScript. */
  readonly isRequired: boolean
}

/** What a thread is started with. */
export interface ThreadData {
  /** One element: the index of the job that it last began, so that its owner knows what it died on. */
  readonly begun: Int32Array
  /** For files and slices; undefined for the TypeScript kernels. */
  readonly wasm: ThreadKernels | undefined
  /** The files of task modules whose loading started the pool. */
  readonly loading: readonly string[]
}
