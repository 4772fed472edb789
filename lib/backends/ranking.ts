/** Finds the first of many items by their ranks, although ranks change. */

export interface Ranked {
  /** The item with the least rank is the first. Call `update` after a change. */
  rank: number
  /** Decides between equal ranks. */
  readonly order: number
  /** Its place in the heap; -1 if it is not in the ranking. */
  place: number
}

const isBefore = (a: Ranked, b: Ranked): boolean => a.rank < b.rank || (a.rank === b.rank && a.order < b.order)

/** A binary heap of items that know their places. */
export class Ranking<Item extends Ranked> {
  /** The item at a place is before those at twice the place, plus 1 and plus 2. */
  readonly #heap: Item[] = []

  get first(): Item | undefined {
    return this.#heap[0]
  }

  /** Adds an item, or notes that its rank has changed. */
  update(item: Item): void {
    if (item.place === -1) this.#put(item, this.#heap.length)
    this.#move(item)
  }

  /** Removes an item if it is there. */
  remove(item: Item): void {
    const { place } = item
    if (place === -1) return
    item.place = -1
    const last = this.#heap.pop()!
    if (last === item) return
    this.#put(last, place)
    this.#move(last)
  }

  #put(item: Item, place: number): void {
    this.#heap[place] = item
    item.place = place
  }

  /** Moves an item to a place that fits its rank. */
  #move(item: Item): void {
    const heap = this.#heap
    let { place } = item
    while (place > 0) {
      const above = (place - 1) >> 1
      if (!isBefore(item, heap[above])) break
      this.#put(heap[above], place)
      place = above
    }
    for (;;) {
      let below = 2 * place + 1
      if (below + 1 < heap.length && isBefore(heap[below + 1], heap[below])) below++
      if (below >= heap.length || !isBefore(heap[below], item)) break
      this.#put(heap[below], place)
      place = below
    }
    this.#put(item, place)
  }
}
