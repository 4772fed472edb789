/** What a pool needs of the thread or the process in which a worker runs. */

import type { Ledger } from './ledger.js'
import type { FromWorker, ToWorker } from './messages.js'

/** How a worker ended. */
export interface HostEnd {
  readonly exitCode: number
  /** What ended it, in words. */
  readonly reason: string
  /** The error that ended it, as Node passes it on; undefined if Node knows of none. */
  readonly failure: { readonly thrown: unknown } | undefined
  /** Whether an uncaught error ended it, which Node may not pass on. */
  readonly isByError: boolean
  /** Whether somebody else ended it, so that another one may start. */
  readonly isBySignal: boolean
}

export interface HostEvents {
  message(message: FromWorker): void
  /** A message of the worker could not be read. */
  unreadable(error: Error): void
  /** The worker has ended. No message comes after that. */
  ended(end: HostEnd): void
}

export interface Host {
  /** Number of the thread or the process. */
  readonly id: number
  readonly ledger: Ledger
  /** Whether buffers can leave this thread for the worker, instead of being copied. */
  readonly moves: boolean
  /** Whether the worker has printed something, of which a part may still be with it. */
  readonly hasPrinted: boolean
  /** Posts a message. Throws if it cannot be cloned. */
  post(message: ToWorker, transfer: readonly ArrayBuffer[]): void
  /** Makes the worker keep this process alive. It does not from the start. */
  ref(): void
  unref(): void
  /** Ends the worker in the middle of its work. Resolves when it has ended. */
  kill(): Promise<void>
}

/** Starts workers of one kind. */
export interface Hosts {
  /** Throws if the system or Node's permission model refuses another worker. */
  start(events: HostEvents): Host
  /** Returns how many workers the process can have, of those that are wanted, and why not more. */
  room(wanted: number): { readonly most: number; readonly why: string }
  /**
   * Returns why a value cannot be copied to a worker, with its name; undefined if it can.
   *
   * @param error what an attempt to copy it threw; by default, another attempt is made
   */
  refusal(name: string, value: unknown, error?: unknown): string | undefined
}

/** Most loads of a worker. It needs many only for calls that wait, in small chunks. */
export const MAX_LOADS = 16_384
