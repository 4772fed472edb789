/** The room that the outputs of a dry run would need, and the room that their volume has. */

import { lstatSync } from 'node:fs'
import { freeBytes } from '../files/room.js'
import type { FileResult } from '../plan/results.js'

/** The room for the outputs of a dry run, in bytes. */
export interface RoomFigures {
  readonly needed: number
  /** Null if the system does not say it. */
  readonly free: number | null
}

/** Adds up the sizes of planned outputs. */
export class Room {
  #bytes = 0
  #largestReplacing = 0

  /** @param replaces whether outputs may replace files */
  constructor(readonly replaces: boolean) {}

  add(result: FileResult): void {
    if (result.status !== 'planned') return
    const size = result.bytesOut ?? 0
    const { output, outputBase64, stems = {} } = result
    const mixture = outputBase64 === undefined ? output : Buffer.from(outputBase64, 'base64')
    // The files of an output have the same size.
    let replacing = 0
    for (const file of [mixture, ...Object.values(stems)]) {
      const replaced = this.replaces ? replacedBytes(file) : undefined
      this.#bytes += size - (replaced ?? 0)
      if (replaced !== undefined) replacing += size
    }
    this.#largestReplacing = Math.max(this.#largestReplacing, replacing)
  }

  /**
   * @param out the output folder
   * @param threads number of outputs that are written at the same time. A replaced file keeps its room until the output
   *   is complete, so each of them may need the room of an output in addition.
   */
  async figures(out: string, threads: number): Promise<RoomFigures> {
    const needed = Math.max(0, this.#bytes + threads * this.#largestReplacing)
    return { needed, free: (await freeBytes(out)) ?? null }
  }
}

/** Returns the size of the file that an output would replace. Undefined if there is none. */
function replacedBytes(output: string | Buffer): number | undefined {
  try {
    return lstatSync(output).size
  } catch {
    return undefined
  }
}
