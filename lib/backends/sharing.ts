/** Shares a pass over a long file with other threads of a pool, and helps with the passes of others. */

import { constants } from 'node:os'
import { type IsCancelled, joinPass, type RunParts, type SharedPass } from '../core/etl.js'
import { errnoName, type Failure, systemFailure } from '../core/failure.js'
import type { Kernels } from '../core/kernels.js'
import { isCancelled } from './cancellation.js'
import { type BoardData, newBoard, PartBoard } from './part-board.js'

/** What a thread needs to help with a pass, as plain data. */
export interface PassOffer {
  readonly pass: SharedPass
  readonly board: BoardData
  readonly cancelled: Int32Array
}

/**
 * Returns the function that walks passes in the thread that has the file.
 *
 * @param offer passes the offer of a pass on to other threads
 */
export const sharedBy =
  (cancelled: Int32Array, offer: (offered: PassOffer) => void): RunParts =>
  (pass, walker, add) => {
    const data = newBoard(pass.parts, pass.partBlocks)
    const board = new PartBoard(data)
    offer({ pass, board: data, cancelled })
    try {
      while (board.left > 0) {
        const tally = board.collect()
        if (tally !== undefined) {
          add(tally)
          continue
        }
        const part = board.takeAsOwner()
        if (part === undefined) board.waitForNext()
        else board.done(part, walker.walkPart(part))
      }
    } finally {
      board.close()
      board.waitForHelpers()
    }
    if (board.loss !== 0) throw systemFailure('E_OUTPUT_WRITE', { code: errnoName(board.loss) })
  }

/**
 * Walks parts of a pass that another thread has offered, until none is left or the pool needs this
 * thread. It fails without a word: the owner then walks the part, and meets the same failure.
 *
 * @param helper number of the helper on the board
 */
export function help({ pass, board: data, cancelled }: PassOffer, helper: number, kernels: Kernels): void {
  const board = new PartBoard(data)
  if (!board.enter(helper)) return
  try {
    walkParts(pass, board, helper, () => board.isClosed || isCancelled(cancelled), kernels)
  } catch {
  } finally {
    board.leave(helper)
  }
}

function walkParts(pass: SharedPass, board: PartBoard, helper: number, isOver: IsCancelled, kernels: Kernels): void {
  const joined = joinPass(pass, isOver, kernels)
  try {
    for (;;) {
      const part = board.takeAsHelper(helper)
      if (part === undefined) return
      board.done(part, joined.walkPart(part))
    }
  } finally {
    try {
      joined.leave()
    } catch (error) {
      // Some file systems report only now that writing failed, and perhaps to this thread alone.
      const { errno } = error as Failure
      board.lose(constants.errno[errno as keyof typeof constants.errno] ?? constants.errno.EIO)
    }
  }
}
