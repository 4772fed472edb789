import { writeSync } from 'node:fs'

/**
 * Appends text to an open file. Text that could not be written, because the volume is full for example, is kept and
 * written before the next text. By then, the removal of temporary files may have made room.
 */
export class Appender {
  #rest: Uint8Array = new Uint8Array(0)

  constructor(readonly fd: number) {}

  /** Whether some text is still to be written. */
  get hasRest(): boolean {
    return this.#rest.length > 0
  }

  /**
   * Writes the text, after any text that is left over. Returns whether there was anything to write. Throws the system's
   * error; the next call tries again, even with ''.
   */
  add(text: string): boolean {
    const bytes = Buffer.from(text)
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const isEmpty = !this.hasRest
    while (this.hasRest) this.#rest = this.#rest.subarray(writeSync(this.fd, this.#rest))
    return !isEmpty
  }
}
