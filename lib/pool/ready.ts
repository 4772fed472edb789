/** Holds the results that the consumer has not taken yet, and knows which one is next. */

export interface Ready<Result> {
  readonly result: Result
  /** Bytes of memory that its item occupies until the result is taken. */
  readonly weight: number
}

export class ReadyResults<Result> {
  readonly #inOrder: boolean
  /**
   * Results by their turn: the entry's sequence number if results are taken in order, otherwise the
   * number of their arrival.
   */
  readonly #results = new Map<number, Ready<Result>>()
  #arrived = 0
  #taken = 0

  /**
   * @param inOrder whether results are taken in the order of their sequence numbers, from 0, or in
   * the order of arrival
   */
  constructor(inOrder: boolean) {
    this.#inOrder = inOrder
  }

  get isEmpty(): boolean {
    return this.#results.size === 0
  }

  add(sequence: number, ready: Ready<Result>): void {
    this.#results.set(this.#inOrder ? sequence : this.#arrived++, ready)
  }

  /** Removes and returns the next result, or `undefined` if it has not arrived. */
  take(): Ready<Result> | undefined {
    // A lookup by key is fast. An iterator of the Map would step over all entries that were
    // deleted.
    const ready = this.#results.get(this.#taken)
    if (ready !== undefined) this.#results.delete(this.#taken++)
    return ready
  }

  clear(): void {
    this.#results.clear()
    this.#arrived = this.#taken
  }
}
