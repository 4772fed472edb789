/** Writes records and pages so that a file is always complete. */

import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const temporary = (file: string): string => `${file}.${process.pid}.tmp`

/**
 * Writes a file under another name, and then renames it.
 *
 * @param file its folder must exist
 */
export function writeAtomically(file: string, text: string): void {
  const unfinished = temporary(file)
  try {
    writeFileSync(unfinished, text)
    renameSync(unfinished, file)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}

/**
 * Checks whether a file can be written, and makes its folder. An existing file stays as it is.
 *
 * @returns why not, in words; undefined if it can
 */
export function whyNotWritable(file: string): string | undefined {
  try {
    if (existsSync(file) && !statSync(file).isFile()) return 'it is not a file'
    mkdirSync(path.dirname(file), { recursive: true })
    closeSync(openSync(temporary(file), 'w'))
    rmSync(temporary(file))
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code ?? message
  }
}
