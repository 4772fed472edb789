import { writeSync } from 'node:fs'

/** Size of the memory for text at first, in bytes. */
const START_BYTES = 4096

/**
 * Appends text to an open file. Text that could not be written, because the volume is full for example, is kept and
 * written before the next text. By then, the removal of temporary files may have made room.
 */
export class Appender {
  /** It is kept from text to text, because fresh memory takes longer than the text. */
  #bytes = Buffer.allocUnsafeSlow(START_BYTES)
  /** Number of bytes that are still to be written. */
  #length = 0
  /** Number of bytes that were written in all. */
  written = 0

  constructor(readonly fd: number) {}

  /** Whether some text is still to be written. */
  get hasRest(): boolean {
    return this.#length > 0
  }

  /**
   * Writes the text, after any text that is left over. Returns whether there was anything to write. Throws the system's
   * error; the next call tries again, even with ''.
   */
  add(text: string): boolean {
    const length = this.#length + Buffer.byteLength(text)
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * length)
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    this.#bytes.write(text, this.#length)
    this.#length = length
    let written = 0
    try {
      while (written < length) written += writeSync(this.fd, this.#bytes, written, length - written)
    } finally {
      this.#bytes.copyWithin(0, written, length)
      this.#length = length - written
      this.written += written
    }
    return length > 0
  }
}
