/**
 * Paths as the system has them. A path is a string where its bytes are UTF-8 and a Buffer where they are not: on Linux a
 * file's name may be any bytes, and files with such names are worked on like all others.
 */

import { isUtf8 } from 'node:buffer'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import { isUrl } from '../checks.js'
import { type FilePath, isSeparator } from '../core/files.js'
import { showText } from '../show.js'

export type { FilePath }

const onWindows = path.sep === '\\'

/** A path from the bytes of a name. */
export function pathFromBytes(bytes: Buffer): FilePath {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes
}

export function pathToBytes(file: FilePath): Buffer {
  return typeof file === 'string' ? Buffer.from(file, 'utf8') : Buffer.from(file)
}

const NOT_ASCII = /[^\0-\x7f]/

/** Folder and name, or a way from that folder on, as one path of this system. */
export function joinPath(folder: FilePath, name: FilePath): FilePath {
  return joinWith(path.sep, folder, onWindows && typeof name === 'string' ? name.replaceAll('/', '\\') : name)
}

/** The same of what goes into keys and the journal, which have '/' between names on every system. */
export const joinSlashed = (folder: FilePath, name: FilePath): FilePath => joinWith('/', folder, name)

function joinWith(between: string, folder: FilePath, name: FilePath): FilePath {
  if (typeof folder === 'string' && folder === '') return name
  const last = typeof folder === 'string' ? folder.charCodeAt(folder.length - 1) : folder.at(-1)
  const separator = isSeparator(last) ? '' : between
  if (typeof folder === 'string' && typeof name === 'string') return `${folder}${separator}${name}`
  return Buffer.concat([pathToBytes(folder), Buffer.from(separator), pathToBytes(name)])
}

/** The folder ('' for none) and the name of a path. */
export function splitPath(file: FilePath): { folder: FilePath; name: FilePath } {
  if (typeof file === 'string') {
    const at = lastSeparator(file)
    // The root of a drive is C:/, and C: whatever folder is current there.
    const isRoot = at === 0 || (onWindows && at === 2 && file[1] === ':')
    return { folder: at < 0 ? '' : file.slice(0, isRoot ? at + 1 : at), name: file.slice(at + 1) }
  }
  const bytes = pathToBytes(file)
  const at = lastSeparator(bytes)
  return {
    folder: at < 0 ? '' : pathFromBytes(bytes.subarray(0, at)) || '/',
    name: pathFromBytes(bytes.subarray(at + 1)),
  }
}

const lastSeparator = (file: string | Buffer): number =>
  Math.max(file.lastIndexOf('/'), onWindows ? file.lastIndexOf('\\') : -1)

/** A path for people: bytes that are not UTF-8 as \xHH, and its characters as `showText` has them. */
export function showPath(file: FilePath): string {
  let text = ''
  if (typeof file === 'string') text = file
  else {
    const bytes = pathToBytes(file)
    for (let at = 0; at < bytes.length; ) {
      const length = [1, 2, 3, 4].find((count) => at + count <= bytes.length && isUtf8(bytes.subarray(at, at + count)))
      text += length ? bytes.toString('utf8', at, at + length) : `\\x${bytes[at].toString(16).padStart(2, '0')}`
      at += length ?? 1
    }
  }
  return showText(text)
}

const hasNul = (file: FilePath) => (typeof file === 'string' ? file.includes('\0') : file.includes(0))

/** A path given by a caller: a string, a file: URL or bytes. Undefined if it is none of these, or empty, or has a NUL. */
export function pathFromCaller(value: unknown): FilePath | undefined {
  let file: FilePath
  if (typeof value === 'string') file = value
  else if (types.isUint8Array(value)) file = pathFromBytes(Buffer.from(value))
  else if (isUrl(value) && value.protocol === 'file:') {
    try {
      file = fileURLToPath(value.href)
    } catch {
      // A host, or an escaped slash: URLs that stand for no path.
      return undefined
    }
  } else return undefined
  return file.length === 0 || hasNul(file) ? undefined : file
}

/**
 * The absolute path, without '.' and '..', in text in which every character is one byte: equal for all spellings of a path, and by
 * text alone, so that nothing changes with symbolic links.
 */
function resolvedName(file: FilePath): string {
  if (typeof file === 'string') {
    const resolved = path.resolve(file)
    return NOT_ASCII.test(resolved) ? Buffer.from(resolved).toString('latin1') : resolved
  }
  const text = pathToBytes(file).toString('latin1')
  return path.isAbsolute(text) ? path.resolve(text) : path.resolve(resolvedName('.'), text)
}

/**
 * The same for names that a file system takes for one. Windows compares them character by character, each in its one upper case; others that
 * ignore case also ignore how accents are written (Unicode's forms).
 */
function foldedName(file: FilePath): string {
  const name = resolvedName(file)
  if (typeof file !== 'string') return name
  const text = Buffer.from(name, 'latin1').toString()
  if (onWindows) return Array.from(text, upperCaseOf).join('')
  // Upper case first: it has one form where lower case has two.
  return text.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC')
}

/** Itself where that is more than one character: there is no file system whose sharp s is two of the other. */
function upperCaseOf(character: string): string {
  const upper = character.toUpperCase()
  return upper.length === character.length ? upper : character
}

/**
 * What tells a file from others, by text alone.
 *
 * @param folds whether names that are equal but for case are of one file: where nobody has asked the file system, on Windows
 */
export const nameOf = (file: FilePath, folds = onWindows): string => (folds ? foldedName(file) : resolvedName(file))

/** A relative path as keys and the journal have it. */
export const asSlashed = (relative: FilePath): FilePath =>
  onWindows && typeof relative === 'string' ? relative.replaceAll('\\', '/') : relative

/** The way from a folder to a file, as keys have it. By text alone. */
export function slashedPathTo(folder: FilePath, file: FilePath): FilePath {
  return asSlashed(pathFromBytes(Buffer.from(path.relative(resolvedName(folder), resolvedName(file)), 'latin1')))
}

/** The same; undefined where the file lies elsewhere. */
export function relativeTo(root: string, file: FilePath): FilePath | undefined {
  const way = slashedPathTo(root, file)
  const text = pathToBytes(way).toString('latin1')
  return text === '..' || text.startsWith('../') || path.isAbsolute(text) ? undefined : way
}

/** With what the paths of all that lies in a folder begin. */
export const asFolder = (name: string): string => (name.endsWith(path.sep) ? name : `${name}${path.sep}`)
