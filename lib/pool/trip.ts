/** A chunk's way through a backend, which is held to its contract: one that breaks it must not take the run with it. */

import type { Backend, Chunk, ChunkFigures, Outcome } from '../backends/backend.js'
import type { Cancellation } from '../backends/cancellation.js'
import { Unsettled } from '../backends/unsettled.js'
import { describe, isNoisemillError, NoisemillError } from '../errors.js'
import type { Work } from '../task.js'

/** A chunk before it is told whom to settle with. */
interface Unsent {
  readonly work: Work
  readonly jobs: readonly unknown[]
  readonly cancellation: Cancellation
}

/**
 * Sends jobs, and resolves once all of them are told, to what the backend says of them. Each is told once: what the backend has not settled
 * when it has ended fails with E_BACKEND_FAILED, and what it settles again, or too late, is not heard. Never rejects.
 */
export async function send(
  backend: Backend,
  { work, jobs, cancellation }: Unsent,
  tell: (index: number, outcome: Outcome<unknown>) => void,
): Promise<ChunkFigures | undefined> {
  const unsettled = new Unsettled(jobs.length, tell)
  const failure = (what: string, cause?: unknown) =>
    new NoisemillError('E_BACKEND_FAILED', { received: `${backend.name}${what}`, cause })
  const settle = (index: number, outcome: Outcome<unknown>) =>
    unsettled.settle(index, isOutcome(outcome) ? outcome : { error: failure(` gave ${describe(outcome)}`, outcome) })
  try {
    const figures = await backend.execute({ ...work, jobs, cancellation, settle } as Chunk)
    unsettled.failRest(failure(' left it unsettled'))
    return figures
  } catch (cause) {
    unsettled.failRest(failure('', cause))
    return undefined
  }
}

function isOutcome(outcome: Outcome<unknown>): boolean {
  if (typeof outcome !== 'object' || outcome === null) return false
  return 'value' in outcome || isNoisemillError(outcome.error)
}
