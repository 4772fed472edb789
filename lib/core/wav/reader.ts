/** Reads words of a header, wherever it is kept. */

/** Where a header is read from: a file, or memory. */
export interface Input {
  /** In bytes. */
  readonly size: number
  /** Fills `buffer` with what is at `position`; all of it lies within the size. */
  read(position: number, buffer: Uint8Array): void
}

/** Positions count from the start of the file. The caller knows that the file has what it asks for. */
export class HeaderReader {
  /** Whether words have their high byte first, as in RIFX. */
  bigEndian = false
  readonly #window = Buffer.alloc(4096)
  #start = 0
  #length = 0

  constructor(readonly input: Input) {}

  /** `length` (at most 64) bytes. */
  bytes(position: number, length: number): Buffer {
    if (position < this.#start || position + length > this.#start + this.#length) {
      this.#start = position
      this.#length = Math.min(this.#window.length, this.input.size - position)
      this.input.read(position, this.#window.subarray(0, this.#length))
    }
    const at = position - this.#start
    return this.#window.subarray(at, at + length)
  }

  /** The name of a chunk: four characters. */
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

  /** Only RF64 and BW64 have such, and these are little-endian. */
  u64(position: number): bigint {
    return this.bytes(position, 8).readBigUInt64LE()
  }
}

export const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
