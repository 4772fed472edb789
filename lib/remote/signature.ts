/**
 * Signatures of messages: HMAC-SHA256 with a key that the producer and the workers share. A message is the exact text that
 * was signed. Jobs and outcomes have different labels, so that neither can stand for the other, and the queue's name is in
 * them, so that no message can be moved to another queue with the same key.
 */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { invalidOption, NoisemillError } from '../errors.js'

export type Label = 'job' | 'outcome'

/** A text with its signature, as it is in Redis. */
export interface Signed {
  readonly text: string
  readonly signature: string
}

/** Longest text of a message, in UTF-16 units. What is longer is refused before it is parsed. */
export const MAX_TEXT = 8 * 1024 * 1024

const LEAST_KEY_BYTES = 16
const MOST_KEY_BYTES = 4096
const SIGNATURE_LENGTH = 43

/** Where the shared key comes from. */
export interface KeyOptions {
  readonly key?: string | Uint8Array
  readonly keyFile?: string | URL
}

/** Signs and checks messages. */
export class Signer {
  readonly #key: Buffer
  readonly #queue: string

  constructor(key: Uint8Array, queue: string) {
    this.#key = Buffer.from(key)
    this.#queue = queue
  }

  sign(label: Label, text: string): Signed {
    return { text, signature: this.#hmac(label, text).toString('base64url') }
  }

  /** Returns the text of a message. Throws E_MESSAGE_INVALID or E_MESSAGE_SIGNATURE. */
  open(label: Label, message: unknown): string {
    const { text, signature } = Object(message)
    if (typeof text !== 'string' || typeof signature !== 'string')
      throw new NoisemillError('E_MESSAGE_INVALID', { received: 'it is not a signed text' })
    if (text.length > MAX_TEXT)
      throw new NoisemillError('E_MESSAGE_INVALID', { received: `it has more than ${MAX_TEXT} characters` })
    const given = signature.length === SIGNATURE_LENGTH ? Buffer.from(signature, 'base64url') : Buffer.alloc(0)
    const own = this.#hmac(label, text)
    if (given.length !== own.length || !timingSafeEqual(given, own)) throw new NoisemillError('E_MESSAGE_SIGNATURE')
    return text
  }

  #hmac(label: Label, text: string): Buffer {
    return createHmac('sha256', this.#key).update(`noisemill ${label} ${this.#queue}\n`).update(text).digest()
  }
}

/** The name of a text in messages: an outcome names the job that it answers by it. */
export const hashOf = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('base64url')

/**
 * Reads the shared key of a queue from the options, or from NOISEMILL_QUEUE_KEY. Throws E_OPTION_INVALID, which never
 * contains the key.
 */
export function readKey({ key, keyFile }: KeyOptions, queue: string): Signer {
  if (key !== undefined && keyFile !== undefined)
    throw new NoisemillError('E_OPTION_INVALID', { option: 'keyFile', received: '`key` is given too' })
  const variable = process.env.NOISEMILL_QUEUE_KEY
  const signer = (option: string, bytes: Uint8Array) => new Signer(checkKey(option, bytes), queue)
  if (keyFile !== undefined) return signer('keyFile', withoutLineEnd(readFile('keyFile', keyFile)))
  if (key !== undefined) return signer('key', bytesOf(key))
  if (variable !== undefined && variable !== '') return signer('NOISEMILL_QUEUE_KEY', Buffer.from(variable))
  const expected = 'a key of at least 16 bytes that the producer and all workers share'
  throw new NoisemillError('E_OPTION_INVALID', {
    ...{ option: 'key', expected },
    received: 'none: set NOISEMILL_QUEUE_KEY, or give a file that has it, such as one that openssl rand -hex 32 writes',
  })
}

function bytesOf(key: unknown): Uint8Array {
  if (typeof key === 'string') return Buffer.from(key)
  if (key instanceof Uint8Array) return key
  throw new NoisemillError('E_OPTION_INVALID', {
    option: 'key',
    expected: 'text or bytes',
    received: `a ${typeof key}`,
  })
}

function checkKey(option: string, key: Uint8Array): Uint8Array {
  if (key.length >= LEAST_KEY_BYTES && key.length <= MOST_KEY_BYTES) return key
  const expected = `a key of ${LEAST_KEY_BYTES} to ${MOST_KEY_BYTES} bytes`
  throw new NoisemillError('E_OPTION_INVALID', { option, expected, received: `one of ${key.length}` })
}

/** Reads a file that an option names. Throws E_OPTION_INVALID. */
export function readFile(option: string, file: unknown): Buffer {
  if (typeof file !== 'string' && !(file instanceof URL)) throw invalidOption(option, 'the path of a file', file)
  try {
    return readFileSync(file)
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    throw new NoisemillError('E_OPTION_INVALID', { option, expected: 'a file that can be read', received: code })
  }
}

/** Removes the line end that editors and commands write after a key. */
function withoutLineEnd(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end--
  return bytes.subarray(0, end)
}
