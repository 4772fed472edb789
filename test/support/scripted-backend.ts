/** A backend that follows a test's script and records the chunks that it received. */

import type { Backend, Chunk, ChunkFigures, Outcome } from '../../dist/index.js'

/** Executes a chunk. */
export type Script = (chunk: Chunk) => Promise<ChunkFigures>

export class ScriptedBackend implements Backend {
  readonly name = 'scripted'
  /** Chunks that it received, in order. */
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

/** Settles one job of a chunk, whatever the kind of its jobs is. */
export const settle = (chunk: Chunk, index: number, outcome: Outcome<unknown>): void =>
  chunk.settle(index, outcome as never)

const figures: ChunkFigures = { milliseconds: 1 }

/**
 * Makes a script that awaits `before`, then settles each job with the value of `give`. Jobs with an index in `lost` are
 * never settled.
 */
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

/**
 * Makes a script in which another backend does the work, but its outcomes are lost and the chunk fails with `reason`.
 */
export function dyingAfter(inner: Backend, reason: unknown): Script {
  return async (chunk) => {
    await inner.execute({ ...chunk, settle: () => {} } as Chunk)
    throw reason
  }
}
