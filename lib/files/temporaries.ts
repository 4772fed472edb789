/** Removes temporary files that nobody writes any more. `temporaryName` makes their names. */

import { readdirSync } from 'node:fs'
import { fsPath, removeFile } from '../core/files.js'
import type { TemporaryOwner } from './outputs.js'
import { type FilePath, joinPath, pathFromBytes, pathToBytes } from './paths.js'

/** The ending of a temporary file's name, which says whose it is. */
const OWNED = /\.([\w-]{1,32})\.(\d{1,10})\.([0-9a-z]{1,20}-[0-9a-z]{1,20})(?:\.[\w-]{1,40})?\.tmp$/

/** Returns whose a temporary file is, by its name. Undefined if it is none. */
export function ownerOf(file: FilePath): TemporaryOwner | undefined {
  const found = OWNED.exec(typeof file === 'string' ? file : pathToBytes(file).toString('latin1'))
  return found === null ? undefined : { host: found[1], pid: Number(found[2]), id: found[3] }
}

/** Removes the temporary files of a folder whose owners are chosen. Errors are ignored. */
export function removeTemporaries(folder: FilePath, isChosen: (owner: TemporaryOwner) => boolean): void {
  let names: Buffer[]
  try {
    names = readdirSync(fsPath(folder), 'buffer')
  } catch {
    return
  }
  for (const name of names) {
    const owner = ownerOf(name)
    if (owner !== undefined && isChosen(owner)) removeFile(joinPath(folder, pathFromBytes(name)))
  }
}

/** Returns a text that tells owners apart. */
export const textOfOwner = ({ host, pid, id }: TemporaryOwner): string => `${host}.${pid}.${id}`
