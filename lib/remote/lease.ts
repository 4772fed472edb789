/** The lease of a message: while a worker holds it, no other worker does the message. */

import type { Job } from 'bullmq'
import { Cancellation } from '../backends/cancellation.js'

/** How often a lease is renewed before it ends. */
const RENEWALS = 4

/**
 * The lease of one message. Its cancellation ends the work by itself when the lease is over, on a clock that nobody can set
 * and in all threads, also if this process was stopped meanwhile. So what the lease protects is published in time or not at
 * all.
 */
export class Lease {
  readonly cancellation = new Cancellation()
  readonly #job: Job
  readonly #token: string
  readonly #milliseconds: number
  /** When it was renewed last, at the latest. Redis counts from when it got the request. */
  #renewed = performance.now()
  #isAsking = false

  /**
   * @param token BullMQ's name of the lease
   * @param milliseconds how long it is
   */
  constructor(job: Job, token: string, milliseconds: number) {
    this.#job = job
    this.#token = token
    this.#milliseconds = milliseconds
    this.#holdFrom(process.hrtime.bigint())
  }

  #holdFrom(time: bigint): void {
    this.cancellation.cancelAt(time + BigInt(this.#milliseconds) * 1_000_000n)
  }

  /**
   * Renews the lease before the work begins: Redis may have given the message long ago, if this process was stopped since.
   * Cancels the work if that is not possible. Rejects like `renew`.
   */
  async begin(): Promise<void> {
    try {
      await this.renew()
    } catch (error) {
      this.cancellation.cancel(0)
      throw error
    }
  }

  /** Renews the lease. Cancels the work if another worker may have the message. Rejects if Redis cannot answer. */
  async renew(): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    const [asked, time] = [performance.now(), process.hrtime.bigint()]
    try {
      if ((await this.#job.extendLock(this.#token, this.#milliseconds)) !== 1) return this.cancellation.cancel(0)
      this.#renewed = asked
      this.#holdFrom(time)
    } finally {
      this.#isAsking = false
    }
  }

  /** Renews the lease when it is time. Call it often. Rejects like `renew`. */
  async keep(): Promise<void> {
    // The threads know it by themselves; functions of users must be interrupted.
    if (this.cancellation.isCancelled) return this.cancellation.cancel(0)
    if (performance.now() - this.#renewed > this.#milliseconds / RENEWALS) await this.renew()
  }
}
