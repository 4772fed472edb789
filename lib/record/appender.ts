import { writeSync } from 'node:fs'

/**
 * Adds text to an open file. What a full volume did not take is kept, and goes before what is added next: the room for it may be there again
 * once temporary files are gone.
 */
export class Appender {
  #rest: Uint8Array = new Uint8Array(0)

  constructor(readonly fd: number) {}

  /** Whether there is something that could not be written yet. */
  get hasRest(): boolean {
    return this.#rest.length > 0
  }

  /** Throws what the system says; then the next call, with '' too, tries again. Returns whether there was anything to write. */
  add(text: string): boolean {
    const bytes = Buffer.from(text)
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const isEmpty = !this.hasRest
    while (this.hasRest) this.#rest = this.#rest.subarray(writeSync(this.fd, this.#rest))
    return !isEmpty
  }
}
