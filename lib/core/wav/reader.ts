/** Reads the words of a header from any input. */

/** Source of a WAV file's bytes: a file, memory, or a file that is decoded when it is read. */
export interface Input {
  /** In bytes. */
  readonly size: number
  /** Fills `buffer` from `position` on. The whole range must lie within `size`. */
  read(position: number, buffer: Uint8Array): void
}

/**
 * Reads bytes and words at positions from the start of the file. The caller ensures that the file
 * has them.
 */
export class HeaderReader {
  /** Whether words have their high byte first, as in RIFX. */
  bigEndian = false
  readonly #window = Buffer.alloc(4096)
  #start = 0
  #length = 0

  constructor(readonly input: Input) {}

  /** Returns `length` bytes, at most 64. */
  bytes(position: number, length: number): Buffer {
    if (position < this.#start || position + length > this.#start + this.#length) {
      this.#start = position
      this.#length = Math.min(this.#window.length, this.input.size - position)
      this.input.read(position, this.#window.subarray(0, this.#length))
    }
    const at = position - this.#start
    return this.#window.subarray(at, at + length)
  }

  /** Returns the name of a chunk: four characters. */
  id(position: number): string {
    return this.bytes(position, 4).toString('latin1')
  }

  u16(position: number): number {
    const bytes = this.bytes(position, 2)
    return this.bigEndian ? bytes.readUInt16BE() : bytes.readUInt16LE()
  }

  u32(position: number): number {
    const bytes = this.bytes(position, 4)
    return this.bigEndian ? bytes.readUInt32BE() : bytes.readUInt32LE()
  }

  /** Only RF64 and BW64 have 64-bit words, and both are little-endian. */
  u64(position: number): bigint {
    return this.bytes(position, 8).readBigUInt64LE()
  }
}

export const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
