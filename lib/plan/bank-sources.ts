/** Finds the noise files of a bank: folders, files, globs and lists become files with names. */

import { type ErrorDetails, invalidOption, NoisemillError } from '../errors.js'
import { InputList } from '../files/input-list.js'
import { absolutePath, baseName, byteText, type FilePath, onWindows, pathFromCaller, showPath } from '../files/paths.js'
import { type WalkOptions, walk, walkedFolders } from '../files/walk.js'
import type { LeftOut, NoiseFile } from './bank-index.js'

/** Options of the walk of folders, and callbacks that report what it does not read. */
export type SourceOptions = Pick<WalkOptions, 'follow' | 'onLoop' | 'onUnread'>

/** A file whose header is not read yet. */
export type FoundNoise = Pick<NoiseFile, 'path' | 'name'>

/** Names of lists. All other files are noise files themselves. */
const LIST_NAME = /\.(txt|list|lst|scp)$/i

/**
 * Returns the paths of the sources of a bank. A source is a folder, a file, a glob, or a list with a
 * path in each line, whose name ends in .txt, .list, .lst or .scp. Throws E_OPTION_INVALID.
 */
export function checkSources(option: string, sources: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(sources) ? sources : [sources]
  const paths = list.map((source) => pathFromCaller(source))
  const areTexts = (all: readonly unknown[]): all is string[] => all.every((one) => typeof one === 'string')
  if (paths.length === 0 || !areTexts(paths))
    throw invalidOption(option, 'a path or file: URL, or an array of them', sources)
  return paths
}

/** A source, and the folder that is walked for it; undefined for a file and for a list. */
interface Source {
  readonly path: string
  readonly folder: string | undefined
}

/**
 * Returns the files of all sources, sorted by the bytes of their names, and what cannot be walked or
 * is not a path. Throws E_NOISE_BANK if a source has no files, or if two files have the same name;
 * E_LIST if a list cannot be read.
 */
export async function findNoiseFiles(
  paths: readonly string[],
  options: SourceOptions,
): Promise<{ files: FoundNoise[]; leftOut: LeftOut[] }> {
  const sources = await Promise.all(
    paths.map(async (path): Promise<Source> => {
      const [walked] = await walkedFolders([path], undefined, undefined)
      return { path, folder: walked?.folder }
    }),
  )
  const hasSeveralFolders = sources.filter(({ folder }) => folder !== undefined).length > 1
  const files: FoundNoise[] = []
  const leftOut: LeftOut[] = []
  for (const source of sources) {
    const prefix = hasSeveralFolders && source.folder !== undefined ? prefixOf(source.folder) : ''
    for await (const group of filesOf(source, options)) {
      for (const { path, name, failure } of group) {
        if (failure === undefined) files.push({ path: absolutePath(path), name: prefix + byteText(name) })
        else leftOut.push({ path: showPath(path), error: failure })
      }
    }
  }
  files.sort(({ name: a }, { name: b }) => (a < b ? -1 : a > b ? 1 : 0))
  refuseEqualNames(files)
  return { files, leftOut }
}

const prefixOf = (folder: string) => `${byteText(baseName(absolutePath(folder)))}/`

interface NamedFile {
  readonly path: FilePath
  readonly name: FilePath
  readonly failure?: NoisemillError | undefined
}

async function* filesOf({ path, folder }: Source, options: SourceOptions): AsyncGenerator<readonly NamedFile[]> {
  if (folder === undefined && LIST_NAME.test(path)) {
    for await (const group of new InputList(path).groups())
      yield group.map(({ input, failure }) => ({ path: input, name: slashed(input), failure }))
    return
  }
  try {
    for await (const group of walk([path], options))
      yield group.map(({ input, relative, failure }) => ({ path: input, name: relative, failure }))
  } catch (error) {
    if (!(error instanceof NoisemillError && error.code === 'E_NO_INPUT')) throw error
    const { received = 'there are none' } = error
    throw new NoisemillError('E_NOISE_BANK', { path, received })
  }
}

const slashed = (path: FilePath) => (onWindows && typeof path === 'string' ? path.replaceAll('\\', '/') : path)

/** @param files sorted by name */
function refuseEqualNames(files: readonly FoundNoise[]): void {
  const second = files.findIndex(({ name }, i) => i > 0 && name === files[i - 1].name)
  if (second < 0) return
  const [a, b] = [files[second - 1].path, files[second].path].map(showPath)
  const details: ErrorDetails = {
    path: a,
    received: a === b ? 'it is named twice' : `it has the same name as ${b}, below the folders that were named`,
  }
  throw new NoisemillError('E_NOISE_BANK', details)
}
