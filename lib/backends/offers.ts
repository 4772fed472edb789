/**
 * The long files that threads of a pool offer to share, and the threads that help with them. An
 * offer lasts until its pass ends, or until a helper cannot help or dies.
 */

import { MAX_HELPERS, PartBoard } from './part-board.js'
import type { PassOffer } from './sharing.js'

/**
 * Number of parts from which on it is worth starting a thread. A thread takes about as long to start
 * as to walk half of them.
 */
const PARTS_FOR_NEW_THREAD = 16

/** A thread, as far as offers need to know it. */
interface Helper {
  help(offer: PassOffer, helper: number): void
}

interface Offer {
  readonly data: PassOffer
  readonly board: PartBoard
  readonly helpers: Map<Helper, number>
}

interface Help {
  readonly offer: Offer
  readonly number: number
  isRecalled: boolean
}

export class Offers {
  /** The current offer of each owner. */
  readonly #offers = new Map<Helper, Offer>()
  readonly #helps = new Map<Helper, Help>()

  get isEmpty(): boolean {
    return this.#offers.size === 0
  }

  isHelping(thread: Helper): boolean {
    return this.#helps.has(thread)
  }

  /** Notes an offer of a thread, in the place of its last one. */
  add(owner: Helper, data: PassOffer): void {
    this.#offers.set(owner, { data, board: new PartBoard(data.board), helpers: new Map() })
  }

  /** Drops the offer of a thread whose work has ended. */
  remove(owner: Helper): void {
    this.#offers.delete(owner)
  }

  /** Whether a new thread could help, beside those that do. */
  get isWorthNewThread(): boolean {
    const offer = this.#best()
    return offer !== undefined && offer.board.left >= PARTS_FOR_NEW_THREAD * (offer.helpers.size + 1)
  }

  /** Lets an idle thread help with the pass that has the fewest helpers. */
  invite(thread: Helper): void {
    const offer = this.#best()
    if (offer === undefined || this.isHelping(thread)) return
    const taken = new Set(offer.helpers.values())
    let number = 1
    while (taken.has(number)) number++
    offer.board.invite(number)
    offer.helpers.set(thread, number)
    this.#helps.set(thread, { offer, number, isRecalled: false })
    thread.help(offer.data, number)
  }

  #best(): Offer | undefined {
    let best: Offer | undefined
    for (const offer of this.#offers.values()) {
      const { board, helpers } = offer
      // The owner and each helper have a part.
      const isOver = board.isClosed || board.left <= helpers.size + 1 || helpers.size === MAX_HELPERS
      if (!isOver && !(best && best.helpers.size <= helpers.size)) best = offer
    }
    return best
  }

  /** Makes a thread stop helping soon, because it has work of its own. */
  recall(thread: Helper): void {
    const help = this.#helps.get(thread)
    if (help === undefined) return
    help.isRecalled = true
    help.offer.board.recall(help.number)
  }

  /** Notes that a thread has stopped helping. */
  helped(thread: Helper): void {
    const help = this.#helps.get(thread)!
    this.#helps.delete(thread)
    help.offer.helpers.delete(thread)
    if (!help.isRecalled) this.#end(help.offer)
  }

  /** Notes that a thread has died: its own pass ends, and what it has taken as a helper becomes free. */
  died(thread: Helper): void {
    this.#offers.get(thread)?.board.close()
    this.#offers.delete(thread)
    const help = this.#helps.get(thread)
    if (help === undefined) return
    help.offer.board.leave(help.number)
    help.isRecalled = false
    this.helped(thread)
  }

  /** Passes an offer on to no more threads. */
  #end(offer: Offer): void {
    for (const [owner, own] of this.#offers) if (own === offer) this.#offers.delete(owner)
  }

  /** Makes all helpers leave soon, because the pool is ending. */
  close(): void {
    for (const { offer } of this.#helps.values()) offer.board.close()
    this.#offers.clear()
  }
}
