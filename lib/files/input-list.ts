/**
 * Reads a list of inputs: a file, or stdin, with one path in each line. A file with the extension .scp is a list of Kaldi,
 * with an id and a path in each line. The list is read as it is needed, so its length takes no memory.
 */

import { constants, createReadStream, openSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { NoisemillError } from '../errors.js'
import { type FilePath, hasNul, pathFromBytes, showPath } from './paths.js'

/** A file that a list names, or the failure of a line. */
export interface ListedFile {
  readonly input: FilePath
  readonly failure?: NoisemillError | undefined
}

/** The name that stands for stdin. */
const STDIN = '-'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
/** A longer line is not a path. It must not fill memory. */
const MAX_LINE = 64 * 1024

/** Reads the path of a line that is not empty. Throws NoisemillError with what is wrong, in words. */
type ReadLine = (line: Buffer, fail: Fail) => Buffer
type Fail = (code: 'E_LIST_LINE' | 'E_LIST_COMMAND', what: string) => never

export class InputList {
  readonly #readLine: ReadLine
  /** The streams that are being read. */
  readonly #open = new Set<Readable>()

  /** @param file path of the list, or '-' for stdin, which can be read once */
  constructor(readonly file: string) {
    this.#readLine = /\.scp$/i.test(file) ? pathOfKaldi : (line) => line
  }

  /** Its name in messages. */
  get name(): string {
    return this.file === STDIN ? 'stdin' : this.file
  }

  /** Its path. Undefined for stdin. */
  get path(): string | undefined {
    return this.file === STDIN ? undefined : this.file
  }

  /** Whether it can be read several times. */
  get isReadAgain(): boolean {
    try {
      return this.file !== STDIN && statSync(this.file).isFile()
    } catch {
      return false
    }
  }

  /**
   * Yields the files of the list in groups. A line that is not a path is a failure. Throws E_LIST if the list cannot be
   * opened, or if it is not text. If reading fails later, the last file is that failure.
   */
  async *groups(): AsyncGenerator<readonly ListedFile[]> {
    const lines = new Lines(this.name, this.#readLine)
    const stream: Readable = this.file === STDIN ? process.stdin : (openPipe(this.file) ?? createReadStream(this.file))
    this.#open.add(stream)
    let isFirst = true
    try {
      for await (const bytes of stream as AsyncIterable<Buffer>) {
        if (isFirst && bytes.includes(0))
          throw new NoisemillError('E_LIST', { path: this.name, received: 'it has NUL bytes' })
        const files = lines.add(isFirst && bytes.indexOf(BYTE_ORDER_MARK) === 0 ? bytes.subarray(3) : bytes)
        isFirst = false
        if (files.length > 0) yield files
      }
      const last = lines.end()
      if (last.length > 0) yield last
    } catch (cause) {
      if (cause instanceof NoisemillError) throw cause
      // `close` has ended the stream.
      if (!this.#open.has(stream)) return
      if (isFirst) throw new NoisemillError('E_LIST', { path: this.name, cause })
      const errno = (cause as NodeJS.ErrnoException).code ?? ''
      yield [{ input: this.name, failure: new NoisemillError('E_INPUT_READ', { path: this.name, errno }) }]
    } finally {
      this.#open.delete(stream)
      stream.destroy()
    }
  }

  /** Ends all reading, so that nothing waits for more lines. */
  close(): void {
    const streams = [...this.#open]
    this.#open.clear()
    for (const stream of streams) stream.destroy()
  }
}

/**
 * Opens a named pipe so that nothing blocks on it. A read of a file blocks a thread until somebody writes, and Node does not
 * end before that thread does. Undefined if it is no pipe, or cannot be opened. On other systems than Linux, a pipe that
 * nobody has opened for writing yet may look as if it had ended.
 */
function openPipe(file: string): Readable | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    if (!statSync(file).isFIFO()) return undefined
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
    return new Socket({ fd, readable: true, writable: false })
  } catch {
    // Whoever opens it in the ordinary way is told what is wrong.
    return undefined
  }
}

/** Divides bytes into lines, and reads the lines. */
class Lines {
  #number = 0
  /** The bytes of a line whose end was not read yet. */
  #rest = Buffer.alloc(0)
  /** Whether the bytes of the line until now were too many. */
  #isTooLong = false

  constructor(
    readonly list: string,
    readonly readLine: ReadLine,
  ) {}

  add(part: Buffer): ListedFile[] {
    const files: ListedFile[] = []
    const bytes = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part])
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.#addLine(bytes.subarray(start, end), files)
      start = end + 1
    }
    const rest = bytes.subarray(start)
    this.#isTooLong ||= rest.length > MAX_LINE
    // The part is not kept with it.
    this.#rest = this.#isTooLong ? Buffer.alloc(0) : Buffer.from(rest)
    return files
  }

  /** Reads the last line, which may have no line feed. */
  end(): ListedFile[] {
    const files: ListedFile[] = []
    if (this.#rest.length > 0 || this.#isTooLong) this.#addLine(this.#rest, files)
    return files
  }

  #addLine(bytes: Buffer, files: ListedFile[]): void {
    this.#number++
    const line = bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes
    const isTooLong = this.#isTooLong || line.length > MAX_LINE
    this.#isTooLong = false
    if (line.length === 0 && !isTooLong) return
    const place = `${this.list}:${this.#number}`
    try {
      const fail: Fail = (code, received) => {
        throw new NoisemillError(code, { path: place, received })
      }
      if (isTooLong) fail('E_LIST_LINE', `it is longer than ${MAX_LINE} bytes`)
      if (hasNul(line)) fail('E_LIST_LINE', 'it has a NUL byte')
      files.push({ input: pathFromBytes(Buffer.from(this.readLine(line, fail))) })
    } catch (failure) {
      files.push({ input: place, failure: failure as NoisemillError })
    }
  }
}

/** What Kaldi takes for an offset into an archive: `feats.ark:1234`. */
const OFFSET = /:\d+$/

/** Reads the path of a line of Kaldi's wav.scp: an id, spaces or tabs, and a path, which may have spaces inside. */
function pathOfKaldi(line: Buffer, fail: Fail): Buffer {
  // Each character is one byte.
  const match = /^[^ \t]+[ \t]+([^ \t](?:.*[^ \t])?)[ \t]*$/s.exec(line.toString('latin1'))
  if (match === null) return fail('E_LIST_LINE', `expected an id and a path but got ${shown(line)}`)
  const [, path] = match
  if (path.startsWith('|') || path.endsWith('|')) fail('E_LIST_COMMAND', shown(Buffer.from(path, 'latin1')))
  if (path === STDIN) fail('E_LIST_LINE', 'it stands for stdin')
  if (OFFSET.test(path)) fail('E_LIST_LINE', `it is an offset into an archive, ${path}`)
  return Buffer.from(path, 'latin1')
}

const SHOWN_CHARACTERS = 80

function shown(line: Buffer): string {
  const text = showPath(pathFromBytes(line))
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
}
