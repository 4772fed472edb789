/** Folders that are gone when the test is, and what lies in them. */

import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** A fresh folder, removed when the running test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'noisemill-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const sha256OfFile = (file: string): string => sha256(readFileSync(file))

export const JOURNAL = '.noisemill-journal'

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
