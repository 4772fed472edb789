/**
 * The paths of a job on the worker's machine. Jobs have relative paths, and whoever can write to the queue may have chosen
 * them: inputs lie below the folder that the worker reads, outputs below the one that it writes to, also after symbolic
 * links.
 */

import { lstatSync, realpathSync } from 'node:fs'
import { fsPath } from '../core/files.js'
import type { ErrorCode } from '../error-codes.js'
import { NoisemillError } from '../errors.js'
import {
  asFolder,
  byteText,
  type FilePath,
  isAudioName,
  isBelow,
  joinPath,
  pathFromBytes,
  showPath,
  splitPath,
} from '../files/paths.js'

const errnoOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

const realPathOf = (file: FilePath): FilePath => pathFromBytes(realpathSync.native(fsPath(file), 'buffer'))

/** A folder without links in its path. */
interface Folder {
  readonly path: FilePath
  readonly exists: boolean
}

/** Most folders that are remembered, because a message can name very many. */
const MOST_FOLDERS = 10_000
/** Most names in a path: each has to be looked at. */
const MOST_NAMES = 256

/** Paths below one folder. It remembers folders, so make one for each message. */
export class Confined {
  readonly #root: FilePath
  readonly #rootText: string
  /** Folders by their relative paths as text of bytes. */
  readonly #folders = new Map<string, Folder>()

  /** @param root a folder that exists. Throws the system's error. */
  constructor(root: string) {
    this.#root = realPathOf(root)
    this.#rootText = asFolder(byteText(this.#root))
    this.#forget()
  }

  /**
   * Returns the path of an input, which need not exist. Its folder has no links. It may be a link itself, which must not be
   * followed; see `linkedInput`. Throws E_PATH_OUTSIDE, E_INPUT_MISSING or E_INPUT_UNREADABLE.
   */
  input(relative: FilePath): FilePath {
    checkRelative(relative)
    return orFailure(INPUT, () => this.#at(relative))
  }

  /**
   * Returns the place of an output, like `input`. Its folder need not exist. Throws E_PATH_OUTSIDE, also for a name that no
   * output has, or E_OUTPUT_CREATE.
   */
  output(relative: FilePath): { readonly folder: FilePath; readonly name: FilePath } {
    checkRelative(relative)
    const { folder, name } = splitPath(relative)
    if (!isAudioName(byteText(name))) throw outside(relative, 'its name does not end as those of outputs do')
    return orFailure(OUTPUT, () => ({ folder: this.#folder(folder).path, name }))
  }

  /** Returns what an input that is a link leads to. Throws like `input`, and E_PATH_OUTSIDE if it leads out of the folder. */
  linkedInput(relative: FilePath): FilePath {
    checkRelative(relative)
    return orFailure(INPUT, () => this.#real(relative))
  }

  /**
   * Returns what an output leads to that may be a link, and is compared. Throws E_PATH_OUTSIDE if it leads out of the folder,
   * E_OUTPUT_MISSING or E_OUTPUT_READ.
   */
  linkedOutput(relative: FilePath): FilePath {
    checkRelative(relative)
    return orFailure(EXISTING, () => {
      const file = this.#at(relative)
      return factsOf(file)?.isSymbolicLink() ? this.#real(relative) : file
    })
  }

  #real(relative: FilePath): FilePath {
    return this.#inside(realPathOf(this.#at(relative)), relative)
  }

  #at(relative: FilePath): FilePath {
    const { folder, name } = splitPath(relative)
    return joinPath(this.#folder(folder).path, name)
  }

  /** Returns a folder, which need not exist. Throws E_PATH_OUTSIDE, or the system's error. */
  #folder(relative: FilePath): Folder {
    const text = byteText(relative)
    const known = this.#folders.get(text)
    if (known !== undefined) return known
    const { folder, name } = splitPath(relative)
    const parent = this.#folder(folder)
    const path = joinPath(parent.path, name)
    // Nothing can be in a folder that is missing, and there may be many such paths.
    if (!parent.exists) return { path, exists: false }
    const facts = factsOf(path)
    const real = facts?.isSymbolicLink() ? this.#inside(realPathOf(path), relative) : path
    const found = { path: real, exists: facts !== undefined }
    if (this.#folders.size >= MOST_FOLDERS) this.#forget()
    this.#folders.set(text, found)
    return found
  }

  #forget(): void {
    this.#folders.clear()
    this.#folders.set('', { path: this.#root, exists: true })
  }

  #inside(real: FilePath, relative: FilePath): FilePath {
    if (!byteText(real).startsWith(this.#rootText)) throw outside(relative, 'a symbolic link leads out of the folder')
    return real
  }
}

/** Codes of failures: if something is missing, and of all others. */
const INPUT = ['E_INPUT_MISSING', 'E_INPUT_UNREADABLE'] as const
const OUTPUT = ['E_OUTPUT_CREATE', 'E_OUTPUT_CREATE'] as const
const EXISTING = ['E_OUTPUT_MISSING', 'E_OUTPUT_READ'] as const

function orFailure<Value>([missing, other]: readonly [ErrorCode, ErrorCode], find: () => Value): Value {
  try {
    return find()
  } catch (error) {
    if (error instanceof NoisemillError) throw error
    const errno = errnoOf(error)
    throw new NoisemillError(errno === 'ENOENT' || errno === 'ENOTDIR' ? missing : other, { errno })
  }
}

const outside = (relative: FilePath, received: string) =>
  new NoisemillError('E_PATH_OUTSIDE', { path: showPath(relative), received })

function checkRelative(relative: FilePath): void {
  if (!isBelow(relative)) throw outside(relative, 'it is not a relative path without ..')
  if (namesIn(relative) > MOST_NAMES) throw outside(relative, `it has more than ${MOST_NAMES} names`)
}

function namesIn(relative: FilePath): number {
  const text = byteText(relative)
  let names = 1
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) names++
  return names
}

/** Returns what a name is, without following a link. Undefined if it does not exist. */
const factsOf = (file: FilePath) => lstatSync(fsPath(file), { throwIfNoEntry: false })
