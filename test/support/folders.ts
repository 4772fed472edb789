/** Temporary folders that are removed after a test, and functions that list and hash files. */

import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, onTestFinished } from 'vitest'

/** Root folder of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Makes a new folder. The temporary folder of Windows may have a short name (`RUNNER~1`), which is resolved here. */
export const newFolder = (): string => mkdtempSync(path.join(realpathSync.native(tmpdir()), 'noisemill-test-'))

/** Removes a folder, with retries, because Windows releases the files of a killed process only after some time. */
export const removeFolder = (folder: string): void =>
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })

/** Makes a folder that is removed after all tests of the file or `describe` that calls this. */
export function sharedFolder(): string {
  const folder = newFolder()
  afterAll(() => removeFolder(folder))
  return folder
}

/** Makes a folder that is removed when the running test ends. */
export function temporaryFolder(): string {
  const folder = newFolder()
  onTestFinished(() => removeFolder(folder))
  return folder
}

/** The variables that say where temporary files go: the first on POSIX systems, the others on Windows. */
export const temporaryIn = (folder: string) => ({ TMPDIR: folder, TEMP: folder, TMP: folder })

/** Converts a relative path to the form of keys, with '/' between names. */
export const slashed = (file: string): string => file.replaceAll(path.sep, '/')

/** Converts a relative path to the form of this system. */
export const native = (file: string): string => file.replaceAll('/', path.sep)

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const sha256OfFile = (file: string): string => sha256(readFileSync(file))

export const JOURNAL = '.noisemill-journal'

/** Whether a file is the temporary file of an output. */
export const isTemporary = (file: string): boolean => file.endsWith('.tmp')

/** Returns the sorted relative paths of all files below a folder, with '/' between names. Journals are left out. */
export function filesBelow(folder: string): string[] {
  return existsSync(folder) ? entriesBelow(folder).sort() : []
}

/** Entries of a folder that another process may be removing. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Counts links as files. The option `recursive` of Node 22 and later would follow them. */
const entriesBelow = (folder: string): string[] =>
  entriesOf(folder).flatMap((entry) => {
    if (entry.isDirectory()) return entriesBelow(path.join(folder, entry.name)).map((file) => `${entry.name}/${file}`)
    return entry.name.startsWith(JOURNAL) ? [] : [entry.name]
  })

/** Returns the sha256 of each file below a folder, by relative path. */
export function hashesBelow(folder: string): Record<string, string> {
  return Object.fromEntries(filesBelow(folder).map((file) => [file, sha256OfFile(path.join(folder, file))]))
}
