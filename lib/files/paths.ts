/**
 * Paths of any bytes. A path is a string if its bytes are UTF-8, and a Buffer otherwise. On Linux a file's name may have
 * any bytes, and noisemill processes such files like all others.
 */

import { isUtf8 } from 'node:buffer'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import { isUrl } from '../checks.js'
import { type FilePath, isSeparator } from '../core/files.js'
import { showText } from '../show.js'

export type { FilePath }

export const onWindows = path.sep === '\\'

/** Converts bytes to a path: a string if they are UTF-8, otherwise the bytes themselves. */
export function pathFromBytes(bytes: Buffer): FilePath {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes
}

export function pathToBytes(file: FilePath): Buffer {
  return typeof file === 'string' ? Buffer.from(file, 'utf8') : Buffer.from(file)
}

const NOT_ASCII = /[^\0-\x7f]/

/** Returns a path as text in which each character is one byte. Such texts compare like the bytes. */
export const byteText = (file: FilePath): string =>
  typeof file === 'string' && !NOT_ASCII.test(file) ? file : pathToBytes(file).toString('latin1')

/** Joins a folder and a name or relative path, with the separator of this system. */
export function joinPath(folder: FilePath, name: FilePath): FilePath {
  return joinWith(path.sep, folder, onWindows && typeof name === 'string' ? name.replaceAll('/', '\\') : name)
}

/** Joins a folder and a name or relative path with '/', which keys and the journal have on every system. */
export const joinSlashed = (folder: FilePath, name: FilePath): FilePath => joinWith('/', folder, name)

function joinWith(between: string, folder: FilePath, name: FilePath): FilePath {
  if (typeof folder === 'string' && folder === '') return name
  const last = typeof folder === 'string' ? folder.charCodeAt(folder.length - 1) : folder.at(-1)
  const separator = isSeparator(last) ? '' : between
  if (typeof folder === 'string' && typeof name === 'string') return `${folder}${separator}${name}`
  return Buffer.concat([pathToBytes(folder), Buffer.from(separator), pathToBytes(name)])
}

/** Splits a path into its folder ('' if there is none) and its name. */
export function splitPath(file: FilePath): { folder: FilePath; name: FilePath } {
  if (typeof file === 'string') {
    const at = lastSeparator(file)
    // The root of a drive is C:/, whereas C: means the current folder of that drive.
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

/** Returns the name of a file: what comes after the last separator of its path. */
export const baseName = (file: FilePath): FilePath =>
  typeof file === 'string' ? file.slice(lastSeparator(file) + 1) : splitPath(file).name

const lastSeparator = (file: string | Buffer): number =>
  Math.max(file.lastIndexOf('/'), onWindows ? file.lastIndexOf('\\') : -1)

/** Formats a path for people: bytes that are not UTF-8 become \xHH, and `showText` escapes control characters. */
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

/** Whether a path has a NUL, which no path can have. */
export const hasNul = (file: FilePath) => (typeof file === 'string' ? file.includes('\0') : file.includes(0))

/**
 * Reads a path from a caller's value: a string, a file: URL or bytes. Undefined for other values, '' and paths with a
 * NUL.
 */
export function pathFromCaller(value: unknown): FilePath | undefined {
  let file: FilePath
  if (typeof value === 'string') file = value
  else if (types.isUint8Array(value)) file = pathFromBytes(Buffer.from(value))
  else if (isUrl(value) && value.protocol === 'file:') {
    try {
      file = fileURLToPath(value.href)
    } catch {
      // A URL with a host or an escaped slash has no path.
      return undefined
    }
  } else return undefined
  return file.length === 0 || hasNul(file) ? undefined : file
}

/**
 * Returns the absolute path without '.' and '..', as text in which each character is one byte. It is equal for all
 * spellings of a path. It does not resolve symbolic links, so it never changes with them.
 */
function resolvedName(file: FilePath): string {
  if (typeof file === 'string') return byteText(path.resolve(file))
  const text = pathToBytes(file).toString('latin1')
  return path.isAbsolute(text) ? path.resolve(text) : path.resolve(resolvedName('.'), text)
}

/** Returns the absolute path without '.' and '..'. It does not resolve symbolic links. */
export const absolutePath = (file: FilePath): FilePath =>
  typeof file === 'string' ? path.resolve(file) : pathFromBytes(Buffer.from(resolvedName(file), 'latin1'))

/**
 * Returns the resolved name, made equal for names that a file system without case takes for the same. Windows compares
 * the upper case of each character. Other such systems also ignore the Unicode normalization form of accents.
 */
function foldedName(file: FilePath): string {
  const name = resolvedName(file)
  if (typeof file !== 'string') return name
  const text = Buffer.from(name, 'latin1').toString()
  if (onWindows) return Array.from(text, upperCaseOf).join('')
  // Upper case comes first, because some letters have two lower-case forms but only one upper-case form.
  return text.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC')
}

/**
 * Returns a character's upper case if that is one character. Otherwise the character itself: no file system maps ß to
 * SS.
 */
function upperCaseOf(character: string): string {
  const upper = character.toUpperCase()
  return upper.length === character.length ? upper : character
}

/**
 * Returns a name that is the same for all spellings of a path, without access to the file system.
 *
 * @param folds whether the file system ignores case; by default, it is assumed to do so on Windows only
 */
export const nameOf = (file: FilePath, folds = onWindows): string => (folds ? foldedName(file) : resolvedName(file))

/** Converts a relative path to the form that keys and the journal have, with '/' between names. */
const asSlashed = (relative: FilePath): FilePath =>
  onWindows && typeof relative === 'string' ? relative.replaceAll('\\', '/') : relative

/** Returns the path of a file relative to a folder, with '/' between names. It does not resolve symbolic links. */
export function slashedPathTo(folder: FilePath, file: FilePath): FilePath {
  return asSlashed(pathFromBytes(Buffer.from(path.relative(resolvedName(folder), resolvedName(file)), 'latin1')))
}

/** A name that is empty, '.' or '..', so that a path has a shorter form. */
const ODD_SEGMENT = /(?:^|\/)\.{0,2}(?:\/|$)/

/** Returns the path of a file relative to a root, like `slashedPathTo`. Undefined if the file is not in it. */
export function relativeTo(root: string, file: FilePath): FilePath | undefined {
  // Takes a tenth of the time, and most paths of a run are such.
  if (typeof file === 'string' && !onWindows && root !== '' && file.startsWith(root) && file[root.length] === '/') {
    const rest = file.slice(root.length + 1)
    if (!ODD_SEGMENT.test(rest)) return rest
  }
  const relative = slashedPathTo(root, file)
  const text = pathToBytes(relative).toString('latin1')
  return text === '..' || text.startsWith('../') || path.isAbsolute(text) ? undefined : relative
}

/** Returns a folder's path with a separator at its end: the paths of all files in the folder begin with it. */
export const asFolder = (name: string): string => (name.endsWith(path.sep) ? name : `${name}${path.sep}`)

/** What no name in a path can have. On Windows, a backslash separates names, and C: is a drive. */
const NO_NAME = onWindows ? /[\\:\0]/ : /\0/

/** Whether a path, with '/' between names, lies below any folder that it is joined to. */
export const isBelow = (relative: FilePath): boolean => isBelowText(byteText(relative))

const isBelowText = (relative: string): boolean => !ODD_SEGMENT.test(relative) && !NO_NAME.test(relative)

/** Names of files that are read from folders and globs. A file that is an input itself may have any name. */
const AUDIO_NAME = /\.(wav|wave|bwf|rf64)$/i

export const isAudioName = (name: string): boolean => AUDIO_NAME.test(name)
