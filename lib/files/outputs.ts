/** Names of outputs and of temporary files, real paths, and the output folder. */

import { accessSync, constants, type Dir, existsSync, lstatSync, opendirSync, realpathSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { fsPath, makeFolders, nameExists } from '../core/files.js'
import { NoisemillError } from '../errors.js'
import { type FilePath, joinPath, pathFromBytes, pathToBytes, splitPath } from './paths.js'

/**
 * What tells the outputs of an input apart: the number of a copy, a label, both, or nothing if there is only one. Outputs
 * are numbered from 1: first all labels of copy 1, then those of copy 2.
 */
export interface Variants {
  readonly copies: number
  /** Such as `_snr5`; empty if outputs have none. */
  readonly labels: readonly string[]
}

/** Number of outputs of an input. */
export const countOf = ({ copies, labels }: Variants): number => copies * Math.max(1, labels.length)

/** Returns the copy that output n belongs to, from 1, and the place of its label. */
export function placeOf(n: number, { labels }: Variants): { readonly copy: number; readonly label: number } {
  const each = Math.max(1, labels.length)
  return { copy: Math.ceil(n / each), label: (n - 1) % each }
}

/** Returns the relative path of output n of an input: `a.wav`, `a.1.wav` with copies, `a.1_snr5.wav` with labels too. */
export function variantName(relative: FilePath, n: number, variants: Variants): FilePath {
  if (countOf(variants) === 1 && variants.labels.length === 0) return relative
  const { copy, label } = placeOf(n, variants)
  const { folder, name } = splitPath(relative)
  const bytes = pathToBytes(name)
  const dot = bytes.lastIndexOf('.')
  const at = dot > 0 ? dot : bytes.length
  const suffix = `${variants.copies > 1 ? `.${copy}` : ''}${variants.labels[label] ?? ''}`
  return joinPath(
    folder,
    pathFromBytes(Buffer.concat([bytes.subarray(0, at), Buffer.from(suffix), bytes.subarray(at)])),
  )
}

/**
 * Returns the names that have this name as one of their outputs: the inverse of `variantName`. The name `a.1.wav` is
 * output 1 of `a.wav`.
 */
export function originalsOf(
  name: FilePath,
  variants: Variants,
): { readonly original: FilePath; readonly output: number }[] {
  const { copies, labels } = variants
  if (copies === 1 && labels.length === 0) return [{ original: name, output: 1 }]
  const bytes = pathToBytes(name)
  const text = bytes.toString('latin1')
  const dot = text.lastIndexOf('.')
  // The suffix is before the extension, or at the end of a name that has none.
  const ends = dot > 0 ? [dot, text.length] : [text.length]
  return ends.flatMap((end) =>
    (labels.length > 0 ? labels : ['']).flatMap((label, place) => {
      if (!text.slice(0, end).endsWith(label)) return []
      const stem = text.slice(0, end - label.length)
      const number = copies === 1 ? undefined : /^.+\.([1-9]\d*)$/s.exec(stem)?.[1]
      if (copies > 1 && (number === undefined || Number(number) > copies)) return []
      const rest = number === undefined ? stem : stem.slice(0, -number.length - 1)
      if (rest === '') return []
      const original = pathFromBytes(Buffer.from(`${rest}${text.slice(end)}`, 'latin1'))
      const output = (Number(number ?? 1) - 1) * Math.max(1, labels.length) + place + 1
      return pathToBytes(variantName(original, output, variants)).equals(bytes) ? [{ original, output }] : []
    }),
  )
}

/**
 * Whether inputs of different names may have this output: `x_snr0.5` is one of `x`, with the label `_snr0.5`, and of
 * `x.5`, with `_snr0`. Labels end in a digit, so an output such as `x_snr0.5.wav` has one original.
 */
export const mayHaveTwoOriginals = (output: FilePath, { labels }: Variants): boolean =>
  labels.length > 0 && /\d$/.test(typeof output === 'string' ? output : pathToBytes(output).toString('latin1'))

/** Longest file name on common file systems, in bytes. */
const MAX_NAME_BYTES = 255
const HOST_BYTES = 32

/** Whether an output's name is too long for common file systems: 255 bytes, or 255 UTF-16 units on NTFS. */
export function isNameTooLong(name: FilePath): boolean {
  if (typeof name !== 'string') return name.length > MAX_NAME_BYTES
  if (process.platform === 'win32') return name.length > MAX_NAME_BYTES
  // In UTF-8, a UTF-16 unit of the string takes at most three bytes.
  return 3 * name.length > MAX_NAME_BYTES && Buffer.byteLength(name) > MAX_NAME_BYTES
}

/** Name of this host for temporary files: only letters, digits, _ and -, at most 32 characters. */
export const host = hostname()
  .replace(/[^\w-]/g, '_')
  .slice(0, HOST_BYTES)
// It starts at a random number, because process ids are reused, and containers often use the same few.
let serial = Math.floor(Math.random() * 2 ** 40)

/** Makes an id for a run that no other run has. */
export const freshRunId = (): string => (serial++).toString(36)

/** Whose a temporary file is: the process of the run, and the id of the output. */
export interface TemporaryOwner {
  readonly host: string
  readonly pid: number
  readonly id: string
}

/** Names of the files between the steps of a transform. */
export const STEPS = ['before', 'after'] as const
export type Step = (typeof STEPS)[number]

/**
 * Returns the name of an output's temporary file, which is in the same folder: `.NAME.HOST.PID.ID.tmp`. NAME is shortened
 * if the whole name would be longer than 255 bytes.
 *
 * @param id an id that no other output of the process has
 * @param part name of a file between two steps of a job, if it is one
 */
export function temporaryName(
  name: FilePath,
  id: string,
  owner: { readonly host: string; readonly pid: number } = { host, pid: process.pid },
  part?: string,
): FilePath {
  const ending = `.${owner.host}.${owner.pid}.${id}${part === undefined ? '' : `.${part}`}.tmp`
  // In UTF-8, a UTF-16 unit of the string takes at most three bytes.
  if (typeof name === 'string' && 1 + 3 * name.length + ending.length <= MAX_NAME_BYTES) return `.${name}${ending}`
  const tail = Buffer.from(ending)
  const room = MAX_NAME_BYTES - 1 - tail.length
  let kept = pathToBytes(name).subarray(0, room)
  // Do not cut in the middle of a character.
  if (typeof name === 'string') kept = Buffer.from(kept.toString('utf8').replace(/\ufffd+$/, ''))
  return pathFromBytes(Buffer.concat([Buffer.from('.'), kept, tail]))
}

/** Returns the absolute path, with symbolic links resolved in the part of it that exists. */
export function realPath(folder: string): string {
  const resolved = path.resolve(folder)
  if (existsSync(resolved)) return realpathSync(resolved)
  const parent = path.dirname(resolved)
  return parent === resolved ? resolved : path.join(realPath(parent), path.basename(resolved))
}

/** Whether `folder` is `other` or lies in it. */
export function isWithin(folder: FilePath, other: string): boolean {
  if (typeof folder !== 'string') return isBelow(folder, identityOf(other))
  const real = realPath(folder)
  const relative = path.relative(realPath(other), real)
  if (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)) return true
  // The paths may differ for one folder: some file systems ignore case, and a folder may be mounted in two places.
  const identity = identityOf(other)
  for (let at = real; identity !== undefined; at = path.dirname(at)) {
    if (identityOf(at) === identity) return true
    if (at === path.dirname(at)) break
  }
  return false
}

/** Whether a folder or one above it has an identity. Paths that are not text cannot be resolved by Node. */
function isBelow(folder: FilePath, identity: string | undefined): boolean {
  for (let at = folder; identity !== undefined; ) {
    if (identityOf(at) === identity) return true
    const above = splitPath(at).folder
    if (above.length === 0 || above.length === at.length) return false
    at = above
  }
  return false
}

/** Returns the device and inode of a file or folder, after links. Undefined if it does not exist. */
export function identityOf(file: FilePath): string | undefined {
  try {
    // An error for each missing file would take several times as long.
    const found = statSync(fsPath(file), { bigint: true, throwIfNoEntry: false })
    return found && `${found.dev}:${found.ino}`
  } catch {
    return undefined
  }
}

/** Whether two paths lead to one file that exists. */
export function isSameFile(one: FilePath, other: FilePath): boolean {
  const identity = identityOf(one)
  return identity !== undefined && identity === identityOf(other)
}

/** Whether a path is a symbolic link. A missing path is not, nor is one that cannot be accessed. */
export function isLink(file: FilePath): boolean {
  try {
    return lstatSync(fsPath(file), { throwIfNoEntry: false })?.isSymbolicLink() === true
  } catch {
    return false
  }
}

/** Whether a folder is missing, or has only entries whose names are ignored. */
export function isEmptyFolder(folder: FilePath, isIgnored: (name: string) => boolean): boolean {
  // An error for each missing folder would take ten times as long.
  if (!nameExists(folder)) return true
  let entries: Dir
  try {
    entries = opendirSync(fsPath(folder), { bufferSize: 2 })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync())
      if (!isIgnored(entry.name)) return false
    return true
  } catch {
    return false
  } finally {
    entries.closeSync()
  }
}

/** Creates a folder if it does not exist. Throws E_OUTPUT_FOLDER if that fails or the folder is not writable. */
export function makeFolder(folder: string, fsync: boolean): void {
  try {
    makeFolders(folder, fsync)
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new NoisemillError('E_OUTPUT_FOLDER', { path: folder, errno: (error as NodeJS.ErrnoException).code ?? '' })
  }
}
