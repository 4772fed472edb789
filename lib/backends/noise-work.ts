/** The noise that a worker thread adds to files and slices, with kernels of its own. */

import { runEtl } from '../core/etl.js'
import { type Kernels, tsKernels } from '../core/kernels.js'
import { wasmKernels } from '../core/kernels-wasm.js'
import { runSlice } from '../core/slice.js'
import { isCancelled } from './cancellation.js'
import type { FromWorker, LoadMessage, ThreadKernels, WorkerOutcome } from './messages.js'
import { help, type PassOffer, sharedBy } from './sharing.js'
import { textOf } from './thrown.js'
import type { Work } from './worker-loads.js'

export class NoiseWork {
  readonly #wasm: ThreadKernels | undefined
  readonly #post: (message: FromWorker) => void
  #own: Kernels | undefined

  /** @param wasm undefined to use the TypeScript kernels */
  constructor(wasm: ThreadKernels | undefined, post: (message: FromWorker) => void) {
    this.#wasm = wasm
    this.#post = post
  }

  /** Helps another thread with its file. Without kernels it cannot. */
  help(offer: PassOffer, helper: number): void {
    this.#withKernels((own) => help(offer, helper, own))
    this.#post({ type: 'helped' })
  }

  files({ jobs, cancelled }: LoadMessage & { kind: 'files' }): Work {
    const runParts = sharedBy(cancelled, (offer) => this.#post({ type: 'offer', offer }))
    const run = (index: number) =>
      this.#withKernels((own) => runEtl(jobs[index], () => isCancelled(cancelled), own, runParts))
    return { concurrency: 1, run }
  }

  slices({ jobs, cancelled }: LoadMessage & { kind: 'slices' }): Work {
    const run = (index: number) => {
      const { bytes } = jobs[index]
      const outcome = this.#withKernels((own) => ({
        outcome: runSlice(jobs[index], () => isCancelled(cancelled), own),
        bytes,
      }))
      // The bytes came as a copy, because another thread needs the slice if this one dies. On the
      // way back they are transferred.
      return 'value' in outcome ? { ...outcome, transfer: [bytes.buffer as ArrayBuffer] } : outcome
    }
    return { concurrency: 1, run }
  }

  #withKernels(run: (own: Kernels) => unknown): WorkerOutcome {
    let own: Kernels
    try {
      own = this.kernels()
    } catch (error) {
      return { failure: { code: 'E_KERNEL_UNAVAILABLE', received: textOf(error) } }
    }
    return { value: run(own) }
  }

  /**
   * Returns the thread's kernels, which the first file or slice makes. Throws if the caller asked for
   * WebAssembly kernels and they cannot be made.
   */
  kernels(): Kernels {
    this.#own ??= this.#wasm === undefined ? tsKernels : this.#instanceOf(this.#wasm)
    return this.#own
  }

  #instanceOf({ module, isRequired }: ThreadKernels): Kernels {
    try {
      return wasmKernels(module)
    } catch (error) {
      if (isRequired) throw error
      this.#post({ type: 'fallback', reason: textOf(error) })
      return tsKernels
    }
  }
}
