/** Results that the consumer has not taken yet, and which of them comes next. */

export interface Ready<Result> {
  readonly result: Result
  /** Bytes that its item holds on to until it is taken. */
  readonly weight: number
}

export class ReadyResults<Result> {
  readonly #inOrder: boolean
  /** By the number under which each is taken: its own if they are taken in order, else the number of its arrival. */
  readonly #results = new Map<number, Ready<Result>>()
  #arrived = 0
  #taken = 0

  /** @param inOrder whether results are taken by their numbers, from 0; otherwise they are taken as they arrive */
  constructor(inOrder: boolean) {
    this.#inOrder = inOrder
  }

  get isEmpty(): boolean {
    return this.#results.size === 0
  }

  add(sequence: number, ready: Ready<Result>): void {
    this.#results.set(this.#inOrder ? sequence : this.#arrived++, ready)
  }

  /** Removes and returns the next result, or `undefined` if it is not there yet. */
  take(): Ready<Result> | undefined {
    // By its number: looking for the first entry of a Map passes all that were deleted before it.
    const ready = this.#results.get(this.#taken)
    if (ready !== undefined) this.#results.delete(this.#taken++)
    return ready
  }

  clear(): void {
    this.#results.clear()
    this.#arrived = this.#taken
  }
}
