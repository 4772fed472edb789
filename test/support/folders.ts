/** Folders that are gone when the test is, and what lies in them. */

import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, onTestFinished } from 'vitest'

/** The project's. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A fresh folder. Windows may have a short name for the place of such (`RUNNER~1`), by which programs do not know themselves. */
export const newFolder = (): string => mkdtempSync(path.join(realpathSync.native(tmpdir()), 'noisemill-test-'))

/** Windows lets go of the files of a process that was killed only some time later. */
export const removeFolder = (folder: string): void =>
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })

/** A fresh folder, removed after the tests of the file, or of the `describe`, that asks for it. */
export function sharedFolder(): string {
  const folder = newFolder()
  afterAll(() => removeFolder(folder))
  return folder
}

/** A fresh folder, removed when the running test ends. */
export function temporaryFolder(): string {
  const folder = newFolder()
  onTestFinished(() => removeFolder(folder))
  return folder
}

/** A relative path with '/' between names, as keys have it. */
export const slashed = (file: string): string => file.replaceAll(path.sep, '/')

/** A relative path as this system writes it. */
export const native = (file: string): string => file.replaceAll('/', path.sep)

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const sha256OfFile = (file: string): string => sha256(readFileSync(file))

export const JOURNAL = '.noisemill-journal'

/** Whether a file is one that an output has before it gets its name. */
export const isTemporary = (file: string): boolean => file.endsWith('.tmp')

/** Relative paths, with '/' between names, of all files below a folder, dotfiles but the journal included, sorted. */
export function filesBelow(folder: string): string[] {
  return existsSync(folder) ? entriesBelow(folder).sort() : []
}

/** Links are files: `recursive` of Node 22 and later would go through them. */
const entriesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return entriesBelow(path.join(folder, entry.name)).map((file) => `${entry.name}/${file}`)
    return entry.name === JOURNAL ? [] : [entry.name]
  })

/** Relative path -> sha256 of all files below a folder. */
export function hashesBelow(folder: string): Record<string, string> {
  return Object.fromEntries(filesBelow(folder).map((file) => [file, sha256OfFile(path.join(folder, file))]))
}
