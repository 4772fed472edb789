/** A backend that does what a test tells it to, and remembers what it was asked for. */

import type { Backend, Chunk, ChunkFigures, Outcome } from '../../dist/index.js'

/** What becomes of a chunk. */
export type Script = (chunk: Chunk) => Promise<ChunkFigures>

export class ScriptedBackend implements Backend {
  readonly name = 'scripted'
  /** What it was asked for, in order. */
  readonly chunks: Chunk[] = []
  closed = 0

  constructor(
    readonly script: Script,
    readonly threads = 1,
  ) {}

  execute(chunk: Chunk): Promise<ChunkFigures> {
    this.chunks.push(chunk)
    return this.script(chunk)
  }

  async close(): Promise<void> {
    this.closed++
  }
}

/** Settles the job of a number, whatever the jobs of the chunk are. */
export const settle = (chunk: Chunk, index: number, outcome: Outcome<unknown>): void =>
  chunk.settle(index, outcome as never)

const figures: ChunkFigures = { milliseconds: 1 }

/** Settles each job with what `give` makes of it, once `before` has come; of numbers in `lost` nothing is heard any more. */
export function giving(
  give: (job: never) => unknown,
  { before, lost = [] }: { before?: () => Promise<unknown>; lost?: readonly number[] } = {},
): Script {
  return async (chunk) => {
    await before?.()
    for (const [index, job] of chunk.jobs.entries())
      if (!lost.includes(index)) settle(chunk, index, { value: give(job as never) })
    return figures
  }
}

/** Leaves the work to another backend, but has heard nothing of its outcomes when it fails with `reason`. */
export function dyingAfter(inner: Backend, reason: unknown): Script {
  return async (chunk) => {
    await inner.execute({ ...chunk, settle: () => {} } as Chunk)
    throw reason
  }
}
