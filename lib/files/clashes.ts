/** Fails inputs whose output collides with another output or with an input, or lies in a wrong folder. */

import { realpathSync } from 'node:fs'
import { fsPath } from '../core/files.js'
import type { StemName } from '../core/stems.js'
import { NoisemillError } from '../errors.js'
import { Names } from '../show.js'
import { identityOf, isLink, realPath, type Variants } from './outputs.js'
import {
  asFolder,
  type FilePath,
  joinPath,
  joinSlashed,
  nameOf,
  pathFromBytes,
  pathToBytes,
  showPath,
  splitPath,
} from './paths.js'
import { ProtectedFiles } from './protected.js'
import { outputFolders } from './stems.js'
import type { WalkedFile } from './walk.js'

/**
 * Makes a check that fails outputs in a folder that is walked for inputs. With the input folder `d/in` and the output
 * folder `d`, for example, an output `d/in/x.wav` would be among the inputs.
 */
export function refuseWithin(out: string, folders: readonly string[]) {
  const realOut = realPath(out)
  const realFolders = folders.map((folder) => asFolder(nameOf(realPath(folder))))
  const within = asFolder(nameOf(realOut))
  // An output can only lie in an input folder that is inside the output folder.
  if (!realFolders.some((folder) => folder.startsWith(within))) return () => undefined
  return (relative: FilePath): NoisemillError | undefined => {
    const output = joinPath(realOut, relative)
    const name = nameOf(output)
    if (!realFolders.some((folder) => name.startsWith(folder))) return undefined
    return new NoisemillError('E_OUTPUT_IN_INPUT', { path: showPath(output) })
  }
}

/**
 * Makes a check that fails the outputs of a folder, given by its relative path, if a symbolic link in the output folder
 * moves it out of there.
 */
export function refuseOutside(out: string) {
  const check = (folder: FilePath): NoisemillError | undefined => {
    const file = joinPath(out, folder)
    // Finding the real path of a deep folder is slow, and only a link can lead elsewhere.
    if (!isLink(file)) return undefined
    const [path, within] = [realName(file), realName(out)]
    if (path === undefined || within === undefined || asFolder(path).startsWith(asFolder(within))) return undefined
    return new NoisemillError('E_OUTPUT_OUTSIDE', { path: showPath(file) })
  }
  // The folder of the last file, after the folders that contain it. They are kept because files come folder by folder,
  // and folders come after those that contain them. In their names each character is a byte.
  const checked: { readonly name: string; readonly failure: NoisemillError | undefined }[] = []
  const checkFolders = (name: string): NoisemillError | undefined => {
    while (checked.length > 0 && !`${name}/`.startsWith(`${checked.at(-1)!.name}/`)) checked.pop()
    for (;;) {
      const last = checked.at(-1) ?? { name: '', failure: undefined }
      if (last.failure || last.name === name) return last.failure
      const end = name.indexOf('/', last.name === '' ? 0 : last.name.length + 1)
      const folder = end < 0 ? name : name.slice(0, end)
      checked.push({ name: folder, failure: check(pathFromBytes(Buffer.from(folder, 'latin1'))) })
    }
  }
  return (relative: FilePath) => checkFolders(Buffer.from(relative).toString('latin1'))
}

/** Returns the real path of the part of a path that exists, each character a byte. Undefined if no part exists. */
function realName(file: FilePath): string | undefined {
  try {
    return realpathSync.native(fsPath(file), { encoding: 'buffer' }).toString('latin1')
  } catch {
    const { folder } = splitPath(file)
    // A root has no folder above it. It does not exist if its drive is missing.
    return folder === '' || pathToBytes(folder).equals(pathToBytes(file)) ? undefined : realName(folder)
  }
}

/**
 * Fails files with clashing outputs, after a complete walk. A file that occurs again under the same relative path is left
 * out. Different files with the same relative path fail, and so do files with an output that is an input of the run.
 *
 * @param onRepeat receives each file that is left out, and its first occurrence
 */
export async function refuseClashes(
  groups: AsyncIterable<readonly WalkedFile[]>,
  out: string,
  { variants, stems }: { readonly variants: Variants; readonly stems: readonly StemName[] },
  onRepeat: (file: string, first: string) => void,
): Promise<WalkedFile[]> {
  const byRelative = new Map<string, WalkedFile[]>()
  // They have no output, so they clash with nothing.
  const failed: WalkedFile[] = []
  const inputs = new ProtectedFiles(variants)
  for await (const files of groups) {
    for (const file of files) {
      if (file.failure) {
        failed.push(file)
        continue
      }
      inputs.add(file.input)
      const name = Buffer.from(file.relative).toString('latin1')
      const same = byRelative.get(name)
      if (same) same.push(file)
      else byRelative.set(name, [file])
    }
  }
  const checked = failed
  for (const sameRelative of byRelative.values()) {
    const same = sameRelative.length === 1 ? sameRelative : differentFiles(sameRelative, onRepeat)
    for (const file of same) {
      const failure = clash(file, same) ?? hitsInput(file, inputs, out, stems)
      checked.push(failure ? { ...file, failure } : file)
    }
  }
  return checked
}

/** Keeps the first occurrence of each file, by device and inode, or by path if it is missing. */
function differentFiles(files: readonly WalkedFile[], onRepeat: (file: string, first: string) => void): WalkedFile[] {
  const firsts = new Map<string, WalkedFile>()
  return files.filter((file) => {
    const identity = identityOf(file.input) ?? nameOf(file.input)
    const first = firsts.get(identity)
    if (first) onRepeat(showPath(file.input), showPath(first.input))
    else firsts.set(identity, file)
    return first === undefined
  })
}

function clash(file: WalkedFile, same: readonly WalkedFile[]): NoisemillError | undefined {
  if (same.length === 1) return undefined
  const others = new Names()
  for (const other of same) if (other !== file) others.add(showPath(other.input))
  return new NoisemillError('E_OUTPUT_CLASH', { path: showPath(file.input), received: `${others}` })
}

function hitsInput(
  { relative }: WalkedFile,
  inputs: ProtectedFiles,
  out: string,
  stems: readonly StemName[],
): NoisemillError | undefined {
  for (const folder of outputFolders(stems)) {
    const output = inputs.find(joinPath(out, joinSlashed(folder, relative)))
    if (output !== undefined) return new NoisemillError('E_OUTPUT_IS_INPUT', { path: showPath(output) })
  }
  return undefined
}
