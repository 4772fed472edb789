/** The cache folder: files that noisemill can make again, and that no output contains. */

import { randomBytes } from 'node:crypto'
import { accessSync, constants, lstatSync } from 'node:fs'
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { makeFolders } from '../core/files.js'
import { NoisemillError } from '../errors.js'
import { onWindows } from './paths.js'

/** Files that nobody has used for so long are removed. */
const KEPT_MILLISECONDS = 30 * 24 * 60 * 60 * 1000

/** The cache folder of a user, by the rules of the system; undefined if there is none. */
function userFolder(): string | undefined {
  if (onWindows) return process.env.LOCALAPPDATA || undefined
  const home = homedir()
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Caches')
  const { XDG_CACHE_HOME: folder = '' } = process.env
  // The specification says that a relative path is to be ignored.
  return path.isAbsolute(folder) ? folder : path.join(home, '.cache')
}

/** Makes a folder. Throws the system's error if it cannot be made or written to. */
function makeWritable(folder: string): string {
  makeFolders(folder, false)
  accessSync(folder, constants.W_OK)
  return folder
}

/** The cache of this user, in the folder for temporary files, which other users may share. */
function temporaryCache(): string {
  const user = process.getuid?.()
  const folder = makeWritable(path.join(tmpdir(), `noisemill-${user ?? 'cache'}`))
  // A link would be that of another user.
  if (user !== undefined && lstatSync(folder).uid !== user)
    throw Object.assign(new Error('another user owns it'), { code: 'EPERM' })
  return folder
}

/**
 * Makes the cache folder and returns its absolute path: the one that NOISEMILL_CACHE names, or one in
 * the cache folder of the user, or if that cannot be written to, one for temporary files. Throws
 * E_CACHE if there is none.
 */
export function cacheFolder(): string {
  const { NOISEMILL_CACHE: named = '' } = process.env
  if (named !== '') return tried(path.resolve(named), makeWritable)
  const user = userFolder()
  try {
    if (user !== undefined) return makeWritable(path.join(user, 'noisemill'))
  } catch {
    // A service may have a home that does not exist.
  }
  return tried(tmpdir(), temporaryCache)
}

function tried(folder: string, make: (folder: string) => string): string {
  try {
    return make(folder)
  } catch (error) {
    throw cacheError(folder, error)
  }
}

function cacheError(file: string, error: unknown): NoisemillError {
  const { code: errno = '', message } = error as NodeJS.ErrnoException
  return new NoisemillError('E_CACHE', { path: file, errno, ...(errno === '' && { received: message }) })
}

/** Returns what a file of the cache contains; undefined if it cannot be read. */
export const readCached = (file: string): Promise<Buffer | undefined> => readFile(file).catch(() => undefined)

/** Writes a file of the cache, complete or not at all. Throws E_CACHE. */
export async function writeCached(file: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeFile(temporary, bytes, { flag: 'wx' })
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw cacheError(file, error)
  }
  await removeUnused(path.dirname(file)).catch(() => {})
}

/**
 * Writes a file whose name says what it contains. If the cache has it already, it is noted that it
 * is used. Throws E_CACHE.
 */
export async function keepCached(file: string, bytes: Uint8Array): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  // A power cut may have left a file of the right size without its content.
  if (found?.size !== bytes.length || !(await readFile(file)).equals(bytes)) return writeCached(file, bytes)
  const now = new Date()
  await utimes(file, now, now).catch(() => {})
}

async function removeUnused(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/^[0-9a-f]{64}\.(bank|sources)/.test(name)) continue
    const file = path.join(folder, name)
    const { mtimeMs } = await stat(file)
    if (Date.now() - mtimeMs > KEPT_MILLISECONDS) await rm(file, { force: true })
  }
}
