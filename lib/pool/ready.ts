/** Results that nobody has taken yet, and which of them comes next. */

export interface Ready<Result> {
  readonly result: Result
  /** Bytes that its item holds on to until it is taken. */
  readonly weight: number
}

export class ReadyResults<Result> {
  readonly #inOrder: boolean
  readonly #results = new Map<number, Ready<Result>>()
  #taken = 0

  /** @param inOrder whether they are taken by their numbers, from 0; otherwise as they come */
  constructor(inOrder: boolean) {
    this.#inOrder = inOrder
  }

  get isEmpty(): boolean {
    return this.#results.size === 0
  }

  add(sequence: number, ready: Ready<Result>): void {
    this.#results.set(sequence, ready)
  }

  /** The next one, if it is there. */
  take(): Ready<Result> | undefined {
    const [first] = this.#results.keys()
    const sequence = this.#inOrder ? this.#taken : first
    const ready = this.#results.get(sequence)
    if (ready === undefined) return undefined
    this.#results.delete(sequence)
    this.#taken++
    return ready
  }

  clear(): void {
    this.#results.clear()
  }
}
