/** Names of outputs: final, temporary, and whether they would fall among the inputs. */

import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { fsPath, makeFolders } from '../core/files.js'
import { NoisemillError } from '../errors.js'
import { type FilePath, joinPath, pathFromBytes, pathToBytes, splitPath } from './paths.js'

/** The relative path of one copy: `a.wav` alone, `a.1.wav` and so on where there are several. */
export function copyName(relative: FilePath, copy: number, copies: number): FilePath {
  if (copies === 1) return relative
  const { folder, name } = splitPath(relative)
  const bytes = pathToBytes(name)
  const dot = bytes.lastIndexOf('.')
  const at = dot > 0 ? dot : bytes.length
  return joinPath(
    folder,
    pathFromBytes(Buffer.concat([bytes.subarray(0, at), Buffer.from(`.${copy}`), bytes.subarray(at)])),
  )
}

/** The longest name that common file systems take, in bytes. */
const MAX_NAME_BYTES = 255
const HOST_BYTES = 32

/** Whether an output's name is longer than file systems take; NTFS counts UTF-16 units. */
export function isNameTooLong(output: FilePath): boolean {
  const { name } = splitPath(output)
  if (typeof name !== 'string') return name.length > MAX_NAME_BYTES
  if (process.platform === 'win32') return name.length > MAX_NAME_BYTES
  // A character is three bytes at most for each of the string's units.
  return 3 * name.length > MAX_NAME_BYTES && Buffer.byteLength(name) > MAX_NAME_BYTES
}

/** This machine, as names of temporary files have it. */
export const host = hostname()
  .replace(/[^\w-]/g, '_')
  .slice(0, HOST_BYTES)
// Random at its start: process numbers come again, and in containers it is always the same few.
let serial = Math.floor(Math.random() * 2 ** 40)

/** A name for a run that no other has. */
export const freshRunId = (): string => (serial++).toString(36)

/**
 * The name `.NAME.HOST.PID.ID.tmp` in the folder of an output, NAME shortened where it would grow too long.
 *
 * @param id what no other output of that process has
 */
export function temporaryName(output: FilePath, id: string, owner = { host, pid: process.pid }): FilePath {
  const { folder, name } = splitPath(output)
  const ending = `.${owner.host}.${owner.pid}.${id}.tmp`
  // A character is three bytes at most for each of the string's units.
  if (typeof name === 'string' && 1 + 3 * name.length + ending.length <= MAX_NAME_BYTES)
    return joinPath(folder, `.${name}${ending}`)
  const tail = Buffer.from(ending)
  const room = MAX_NAME_BYTES - 1 - tail.length
  let kept = pathToBytes(name).subarray(0, room)
  // Not in the middle of a character.
  if (typeof name === 'string') kept = Buffer.from(kept.toString('utf8').replace(/\ufffd+$/, ''))
  return joinPath(folder, pathFromBytes(Buffer.concat([Buffer.from('.'), kept, tail])))
}

/** The path with its symbolic links resolved as far as it exists. */
export function realPath(folder: string): string {
  const resolved = path.resolve(folder)
  if (existsSync(resolved)) return realpathSync(resolved)
  const parent = path.dirname(resolved)
  return parent === resolved ? resolved : path.join(realPath(parent), path.basename(resolved))
}

/** Whether `folder` is `other` or lies in it. */
export function isWithin(folder: string, other: string): boolean {
  const real = realPath(folder)
  const relative = path.relative(realPath(other), real)
  if (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)) return true
  // By another name: some file systems ignore case, and a folder may be mounted in two places.
  const identity = identityOf(other)
  for (let at = real; identity !== undefined; at = path.dirname(at)) {
    if (identityOf(at) === identity) return true
    if (at === path.dirname(at)) break
  }
  return false
}

/** Device and inode of what a path leads to; undefined if it leads nowhere. */
export function identityOf(file: FilePath): string | undefined {
  try {
    const { dev, ino } = statSync(fsPath(file), { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

/** Makes the folder if it is not there. Throws E_OUTPUT_FOLDER where that fails, or nothing can be written into it. */
export function makeFolder(folder: string, fsync: boolean): void {
  try {
    makeFolders(folder, fsync)
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new NoisemillError('E_OUTPUT_FOLDER', { path: folder, errno: (error as NodeJS.ErrnoException).code ?? '' })
  }
}
