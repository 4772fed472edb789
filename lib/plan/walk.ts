/** Inputs as a stream of files: a file is itself, a folder is walked, a glob is matched. */

import { type Dir, type Dirent, opendir, stat } from 'node:fs'
import { promisify } from 'node:util'
import picomatch from 'picomatch'
import { invalidOption, NoisemillError } from '../errors.js'
import { type FilePath, joinPath, pathFromBytes, pathToBytes, relativeTo, showPath, splitPath } from './paths.js'

/** Names that are taken from folders and globs; a file named outright may have any. */
const AUDIO_NAME = /\.(wav|wave|bwf|rf64)$/i
const DOT = 0x2e

export const isAudioName = (name: string): boolean => AUDIO_NAME.test(name)

const statAsync = promisify(stat)
// Node's types know no folder read as bytes.
const openFolder = promisify(opendir) as unknown as (
  folder: FilePath,
  options: { encoding: 'buffer'; bufferSize: number },
) => Promise<Dir>

/** A file to work on, or a folder that could not be read. */
export interface WalkedFile {
  readonly input: FilePath
  /** From the root, or from the folder given; with '/' between names. */
  readonly relative: FilePath
  readonly failure?: NoisemillError
}

export interface WalkOptions {
  readonly root?: string | undefined
  /** Told of a folder that contains itself by a symbolic link, and is not gone into again. */
  readonly onLoop?: ((folder: string) => void) | undefined
}

/** The folders and prefixes that inputs are walked from: an output folder must not lie in any. */
export async function walkedFolders(inputs: readonly string[]): Promise<string[]> {
  const sources = await Promise.all(inputs.map(sourceOf))
  return sources.flatMap((source) => (source.kind === 'file' ? [] : [source.folder]))
}

/** Walks all inputs, in their order; within a folder in the order that the system gives. */
export async function* walk(inputs: readonly string[], options: WalkOptions = {}): AsyncGenerator<WalkedFile> {
  for (const input of inputs) {
    const source = await sourceOf(input)
    if (source.kind === 'file') {
      yield { input, relative: fromRoot(options.root, input) ?? splitPath(input).name }
      continue
    }
    const prefix = fromRoot(options.root, source.folder) ?? ''
    const accepts = source.kind === 'glob' ? source.accepts : () => true
    for await (const { input: file, relative, failure } of walkFolder(source.folder, '', [], options)) {
      if (failure === undefined && !accepts(relative)) continue
      yield { input: file, relative: joinPath(prefix, relative), ...(failure && { failure }) }
    }
  }
}

/** The path of an input within the root, if there is one. Throws E_OPTION_INVALID where it lies elsewhere. */
function fromRoot(root: string | undefined, input: string): FilePath | undefined {
  if (root === undefined) return undefined
  const relative = relativeTo(root, input)
  if (relative === undefined) throw invalidOption('root', `a folder that ${input} lies in`, root)
  return relative
}

type Source =
  | { readonly kind: 'file' }
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'glob'; readonly folder: string; readonly accepts: (relative: FilePath) => boolean }

async function sourceOf(input: string): Promise<Source> {
  const found = await statAsync(input).catch(() => undefined)
  if (found) return found.isDirectory() ? { kind: 'folder', folder: input } : { kind: 'file' }
  // What exists is taken as it is, brackets in its name or not; what does not may be a glob.
  const { base, glob, isGlob } = picomatch.scan(input)
  if (!isGlob) return { kind: 'file' }
  const matches = picomatch(glob)
  return { kind: 'glob', folder: base === '' ? '.' : base, accepts: (relative) => matches(showPath(relative)) }
}

async function* walkFolder(
  folder: FilePath,
  relative: FilePath,
  above: readonly string[],
  options: WalkOptions,
): AsyncGenerator<WalkedFile> {
  let entries: Dir
  let identity: string
  try {
    const found = await statAsync(folder as string, { bigint: true })
    identity = `${found.dev}:${found.ino}`
    if (above.includes(identity)) {
      options.onLoop?.(showPath(folder))
      return
    }
    entries = await openFolder(folder, { encoding: 'buffer', bufferSize: 256 })
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? ''
    const failure = new NoisemillError('E_INPUT_UNREADABLE', { path: showPath(folder), errno })
    yield { input: folder, relative, failure }
    return
  }
  for await (const entry of entries) {
    const bytes = entry.name as unknown as Buffer
    if (bytes[0] === DOT) continue
    const name = pathFromBytes(bytes)
    const file = joinPath(folder, name)
    const kind = await kindOf(entry, file)
    if (kind === 'folder') yield* walkFolder(file, joinPath(relative, name), [...above, identity], options)
    else if (kind === 'file' && isAudioName(pathToBytes(name).toString('latin1')))
      yield { input: file, relative: joinPath(relative, name) }
  }
}

async function kindOf(entry: Dirent, file: FilePath): Promise<'file' | 'folder' | 'other'> {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  // A link, or a file system that gives no types. A dangling link is a file that is missing: its job will say so.
  const found = await statAsync(file as string).catch(() => undefined)
  if (found?.isDirectory()) return 'folder'
  return found === undefined || found.isFile() ? 'file' : 'other'
}
