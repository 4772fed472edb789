/** Inputs as a stream of files: a file is itself, a folder is walked, a glob is matched. */

import { type Dir, type Dirent, opendir, stat } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { type ErrorDetails, invalidOption, NoisemillError } from '../errors.js'
import { showCounts } from '../show.js'
import { isWithin } from './outputs.js'
import { type FilePath, joinPath, joinSlashed, pathFromBytes, relativeTo, showPath, splitPath } from './paths.js'

/** Names that are taken from folders and globs; a file named outright may have any. */
const AUDIO_NAME = /\.(wav|wave|bwf|rf64)$/i
/** Names of audio in other containers: such files of folders and globs are not read, and told of. */
const UNREAD_NAME =
  /\.(aac|ac3|aif|aifc|aiff|amr|ape|au|caf|dsf|flac|gsm|m4a|m4b|mka|mp2|mp3|nist|oga|ogg|opus|shn|snd|sph|spx|tta|voc|w64|weba|wma|wv)$/i
const DOT = 0x2e
/** Names that are read of a folder at once, and files that are handed on together. */
const GROUP_FILES = 32

export const isAudioName = (name: string): boolean => AUDIO_NAME.test(name)

const statAsync = promisify(stat)
// Node's types know no folder read as bytes.
const openFolder = promisify(opendir) as unknown as (
  folder: FilePath,
  options: { encoding: 'buffer'; bufferSize: number },
) => Promise<Dir>

const errnoOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? ''

/** A file to work on, or what went wrong with a folder or an input. */
export interface WalkedFile {
  readonly input: FilePath
  /** From the root, or from the folder given; with '/' between names. */
  readonly relative: FilePath
  readonly failure?: NoisemillError
  /** What the name of an audio file of another kind ends with. `walk` tells of such files and leaves them out. */
  readonly unread?: string
}

/** Audio files of other kinds, counted by what their names end with. */
export type UnreadCounts = Map<string, number>

export interface WalkOptions {
  readonly root?: string | undefined
  /** The output folder: not gone into where a link leads there. */
  readonly out?: string | undefined
  /** Whether symbolic links that are found in folders are followed; true by default. */
  readonly follow?: boolean | undefined
  /** Told of a folder that contains itself, or leads to the output folder, by a symbolic link; it is not gone into. */
  readonly onLoop?: ((folder: string) => void) | undefined
  /** Receives a folder whose files are inputs again under another path, because of a symbolic link, and its first path. */
  readonly onRepeat?: ((folder: string, first: string) => void) | undefined
  /** Told of an audio file of another kind, and of what its name ends with: 'flac' for example. */
  readonly onUnread?: ((file: string, kind: string) => void) | undefined
}

/** The folders that inputs are walked from. */
export async function walkedFolders(inputs: readonly string[], root: string | undefined): Promise<WalkedFolder[]> {
  const sources = await Promise.all(inputs.map(sourceOf))
  return sources.flatMap((source) => {
    if (source.kind === 'file') return []
    const { folder, reaches } = source
    return [{ folder, prefix: fromRoot(root, folder) ?? '', reaches }]
  })
}

/** A folder that an input is walked from. */
export interface WalkedFolder {
  readonly folder: string
  /** Its path in the root. */
  readonly prefix: FilePath
  /** Whether files in a folder below it, by its path from there, may be inputs: not if a pattern cannot match any. */
  reaches(below: string): boolean
}

/**
 * Walks all inputs, in their order; within a folder in the order that the system gives. An input that stands for no file at all is a
 * failure at the end, unless none of them does.
 */
export async function* walk(inputs: readonly string[], options: WalkOptions = {}): AsyncGenerator<WalkedFile> {
  const empty: { readonly input: string; readonly unread: UnreadCounts }[] = []
  const visits = new Visits(options)
  for (const input of inputs) {
    let isEmpty = true
    const unread: UnreadCounts = new Map()
    const onUnread = (file: string, kind: string) => {
      unread.set(kind, (unread.get(kind) ?? 0) + 1)
      options.onUnread?.(file, kind)
    }
    for await (const files of walkInput(input, { ...options, onUnread }, visits)) {
      for (const file of files) {
        isEmpty = false
        yield file
      }
    }
    if (isEmpty) empty.push({ input, unread })
  }
  if (empty.length === inputs.length) return
  for (const { input, unread } of empty)
    yield { input, relative: splitPath(input).name, failure: noInput(unread, { path: input }) }
}

/** The error where nothing is found to read, with what was found instead. */
export function noInput(unread: UnreadCounts, details: ErrorDetails = {}): NoisemillError {
  const received = `there are only audio files that are not read (${showCounts(unread)})`
  return new NoisemillError('E_NO_INPUT', { ...details, ...(unread.size > 0 && { received }) })
}

/** Files in small groups: handing each through an async generator of its own costs more than finding it. */
async function* walkInput(input: string, options: WalkOptions, visits: Visits): AsyncGenerator<readonly WalkedFile[]> {
  const source = await sourceOf(input)
  if (source.kind === 'file') {
    const file = { input, relative: fromRoot(options.root, input) ?? splitPath(input).name }
    // Told here, because names that Node has mangled into one are no clash.
    const isMangled = !source.exists && input.includes('\ufffd')
    const failure = new NoisemillError('E_INPUT_MISSING', { path: showPath(input), errno: 'ENOENT' })
    yield [isMangled ? { ...file, failure } : file]
    return
  }
  const prefix = fromRoot(options.root, source.folder) ?? ''
  for await (const files of walkFolder(source, prefix, options, visits)) {
    const wanted = files.filter(({ input: file, relative, failure, unread }) => {
      if (failure !== undefined) return true
      if (!source.isWanted(relative)) return false
      if (unread !== undefined) options.onUnread?.(showPath(file), unread)
      return unread === undefined
    })
    yield prefix === '' ? wanted : wanted.map((file) => ({ ...file, relative: joinSlashed(prefix, file.relative) }))
  }
}

/** The path of an input within the root, if there is one. Throws E_OPTION_INVALID where it lies elsewhere. */
function fromRoot(root: string | undefined, input: string): FilePath | undefined {
  if (root === undefined) return undefined
  const relative = relativeTo(root, input)
  if (relative === undefined) throw invalidOption('root', `a folder that ${input} lies in`, root)
  return relative
}

type Source = { readonly kind: 'file'; readonly exists: boolean } | FolderSource

/** A folder to walk: an input, or the part of a glob that comes before its pattern. */
interface FolderSource {
  readonly kind: 'folder'
  readonly folder: string
  readonly isWanted: (relative: FilePath) => boolean
  /** Levels of folders below `folder` that a file may lie in. */
  readonly depth: number
  readonly reaches: WalkedFolder['reaches']
}

async function sourceOf(input: string): Promise<Source> {
  const found = await statAsync(input).catch(() => undefined)
  const all = { isWanted: () => true, depth: Number.POSITIVE_INFINITY, reaches: () => true }
  if (found) return found.isDirectory() ? { kind: 'folder', folder: input, ...all } : { kind: 'file', exists: true }
  // What exists is taken as it is, brackets in its name or not; what does not may be a glob.
  const { default: picomatch } = await import('picomatch')
  // A backslash takes the meaning from what follows, except on Windows, where it separates names.
  const pattern = path.sep === '\\' ? input.replaceAll('\\', '/') : input
  const { base, glob, isGlob } = picomatch.scan(pattern, { nonegate: true })
  if (!isGlob) return { kind: 'file', exists: false }
  // Of C:/*.wav the base is C:, which is whatever folder is current on that drive.
  const rooted = path.sep === '\\' && /^[A-Za-z]:$/.test(base) ? `${base}/` : base
  const folder = rooted === '' ? '.' : rooted.replaceAll(/\\(.)/g, '$1')
  const matches = picomatch(glob, { nonegate: true })
  // A slash within a group, as in {a,b/c}, may stand for any number of them.
  const depth = /\*\*|[({][^)}]*\//.test(glob) ? Number.POSITIVE_INFINITY : glob.split('/').length - 1
  const exists = await statAsync(folder).catch(() => undefined)
  const reaches = (below: string) => {
    const names = below.split(path.sep)
    // A folder that is one of these by another name has no path from here.
    if (depth === Number.POSITIVE_INFINITY || below === '' || names[0] === '..' || path.isAbsolute(below)) return true
    const parts = glob.split('/').slice(0, names.length).join('/')
    return names.length <= depth && picomatch(parts, { nonegate: true })(names.join('/'))
  }
  // A glob below a folder that is not there matches nothing, like any other that does.
  const isWanted = (relative: FilePath) => matches(textOf(relative))
  return { kind: 'folder', folder, isWanted, depth: exists ? depth : -1, reaches }
}

/** A path as patterns see it. */
const textOf = (relative: FilePath): string => (typeof relative === 'string' ? relative : showPath(relative))

interface FoundFolder {
  readonly folder: FilePath
  readonly relative: FilePath
  readonly isLink: boolean
  /** Whether it was found by way of a symbolic link: its own, or that of a folder that it lies in. */
  readonly isLinked: boolean
  /** Whether a folder that it lies in was visited before under another path: the report of that folder covers it. */
  readonly isCovered: boolean
}

/** A folder that was visited, by its first path. */
interface Visit {
  readonly folder: FilePath
  /** The path below the output folder that its outputs have. */
  readonly place: string
  readonly isLinked: boolean
  /** Whether the walk is in it. */
  isOpen: boolean
}

/** The folders that a walk has visited, by device and inode, to find loops and repeated folders. */
class Visits {
  readonly #visits = new Map<string, Visit>()
  readonly #reported = new Set<string>()

  constructor(readonly options: WalkOptions) {}

  /** @returns the first visit of the folder, this one if there was none; and whether that was under another path */
  visit(identity: string, found: FoundFolder, place: string): { readonly visit: Visit; readonly isRepeated: boolean } {
    const { folder, isLinked } = found
    const earlier = this.#visits.get(identity)
    if (earlier) return { visit: earlier, isRepeated: earlier.place !== place }
    const visit: Visit = { folder, place, isLinked, isOpen: false }
    this.#visits.set(identity, visit)
    return { visit, isRepeated: false }
  }

  /** Reports a folder that a link repeats, once, however many inputs it lies in. */
  report({ folder, isLinked, isCovered }: FoundFolder, first: Visit, place: string): void {
    if (isCovered || !(isLinked || first.isLinked) || this.#reported.has(place)) return
    this.#reported.add(place)
    this.options.onRepeat?.(showPath(folder), showPath(first.folder))
  }
}

/** A folder that is being walked, with what is left to do in it. */
interface Level {
  readonly visit: Visit
  readonly folders: FoundFolder[]
}

/**
 * The files of a folder, then those of each folder in it. The stack is an array, because one of nested generators would end with a
 * RangeError in a deep folder, pass each file through all of them, and keep a folder open for each.
 *
 * @param prefix the path of the folder in the root
 */
async function* walkFolder(
  { folder, depth, reaches }: FolderSource,
  prefix: FilePath,
  options: WalkOptions,
  visits: Visits,
): AsyncGenerator<readonly WalkedFile[]> {
  if (depth < 0) return
  const levels: Level[] = []
  let next: FoundFolder | undefined = { folder, relative: '', isLink: false, isLinked: false, isCovered: false }
  for (;;) {
    if (next) {
      const found: FoundFolder = next
      const identity = await identityOf(found.folder).catch((error) => error as NodeJS.ErrnoException)
      if (typeof identity !== 'string') yield [unreadable(found, identity)]
      else {
        const place = showPath(joinSlashed(prefix, found.relative))
        const { visit, isRepeated } = visits.visit(identity, found, place)
        if (visit.isOpen || (await leadsTo(options.out, found, identity))) {
          options.onLoop?.(showPath(found.folder))
        } else {
          if (isRepeated) visits.report(found, visit, place)
          const folders: FoundFolder[] = []
          yield* readFolder({ ...found, isCovered: found.isCovered || isRepeated }, folders, options.follow ?? true)
          const reached = folders.filter(({ relative }) => reaches(path.normalize(textOf(relative))))
          if (levels.length < depth && reached.length > 0) {
            visit.isOpen = true
            levels.push({ visit, folders: reached.reverse() })
          }
        }
      }
    }
    const level = levels.at(-1)
    if (level === undefined) return
    next = level.folders.pop()
    if (next === undefined) levels.pop()!.visit.isOpen = false
  }
}

/** The files of one folder, in groups. The folders in it are added to `folders`. */
async function* readFolder(
  found: FoundFolder,
  folders: FoundFolder[],
  follow: boolean,
): AsyncGenerator<readonly WalkedFile[]> {
  const { folder, relative, isLinked, isCovered } = found
  let entries: Dir
  try {
    entries = await openFolder(folder, { encoding: 'buffer', bufferSize: GROUP_FILES })
  } catch (error) {
    yield [unreadable(found, error)]
    return
  }
  let group: WalkedFile[] = []
  for await (const entry of entries) {
    const bytes = entry.name as unknown as Buffer
    const isLink = entry.isSymbolicLink()
    if (bytes[0] === DOT || (isLink && !follow)) continue
    const name = pathFromBytes(bytes)
    const file = joinPath(folder, name)
    const below = joinSlashed(relative, name)
    const kind = entry.isFile() ? 'file' : await kindOf(entry, file)
    if (kind === 'folder')
      folders.push({ folder: file, relative: below, isLink, isLinked: isLinked || isLink, isCovered })
    if (kind === 'file') {
      const text = bytes.toString('latin1')
      const unread = UNREAD_NAME.exec(text)?.[1].toLowerCase()
      if (isAudioName(text)) group.push({ input: file, relative: below })
      else if (unread !== undefined) group.push({ input: file, relative: below, unread })
    }
    if (group.length === GROUP_FILES) {
      yield group
      group = []
    }
  }
  if (group.length > 0) yield group
}

function unreadable({ folder, relative }: FoundFolder, error: unknown): WalkedFile {
  const failure = new NoisemillError('E_INPUT_UNREADABLE', { path: showPath(folder), errno: errnoOf(error) })
  return { input: folder, relative, failure }
}

async function identityOf(folder: FilePath): Promise<string> {
  const { dev, ino } = await statAsync(folder as string, { bigint: true })
  return `${dev}:${ino}`
}

/** Whether a folder is the output folder, or is a link into it. */
async function leadsTo(out: string | undefined, { folder, isLink }: FoundFolder, identity: string): Promise<boolean> {
  if (out === undefined) return false
  if (isLink && typeof folder === 'string') return isWithin(folder, out)
  return identity === (await identityOf(out).catch(() => ''))
}

async function kindOf(entry: Dirent, file: FilePath): Promise<'file' | 'folder' | 'other'> {
  if (entry.isDirectory()) return 'folder'
  // A link, or a file system that gives no types. A dangling link is a file that is missing: its job will say so.
  const found = await statAsync(file as string).catch(() => undefined)
  if (found?.isDirectory()) return 'folder'
  return found === undefined || found.isFile() ? 'file' : 'other'
}
