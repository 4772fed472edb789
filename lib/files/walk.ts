/** Finds the files of all inputs: an input is a file, a folder, which is walked, or a glob. */

import { stat } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { ErrorCode } from '../error-codes.js'
import { type ErrorDetails, invalidOption, NoisemillError } from '../errors.js'
import { Counts } from '../show.js'
import { type ExcludeOptions, Exclusions } from './exclusions.js'
import { type Entry, FolderReader } from './folder-reader.js'
import { type Exclusion, readGlob, textOf } from './globs.js'
import { isWithin } from './outputs.js'
import {
  type FilePath,
  isAudioName,
  joinPath,
  joinSlashed,
  pathFromBytes,
  relativeTo,
  showPath,
  splitPath,
} from './paths.js'

/** Names of audio files in other formats. In folders and globs, such files are not read, but reported. */
const UNREAD_NAME =
  /\.(aac|ac3|aif|aifc|aiff|amr|ape|au|caf|dsf|flac|gsm|m4a|m4b|mka|mp2|mp3|nist|oga|ogg|opus|shn|snd|sph|spx|tta|voc|w64|weba|wma|wv)$/i

const DOT = 0x2e
const isHidden = (name: FilePath) => (typeof name === 'string' ? name.charCodeAt(0) : name[0]) === DOT

const statAsync = promisify(stat)

const errnoOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? ''

/** The folder that contains a walked file. The files of a folder share it, so that it is looked at once. */
export interface Parent {
  readonly path: FilePath
  /** Path relative to the root, or to the input folder if there is no root; with '/' between names. */
  readonly relative: FilePath
}

/** A file to process, or the failure of a folder or an input. */
export interface WalkedFile {
  readonly input: FilePath
  /** Path relative to the root, or to the input folder if there is no root; with '/' between names. */
  readonly relative: FilePath
  readonly parent: Parent
  /** Its name: the last one in both paths. */
  readonly name: FilePath
  readonly failure?: NoisemillError
  /** Whether a folder contains it as a symbolic link. `walk` leaves it out if it leads into the output folder. */
  readonly isLink?: boolean
  /** Extension of an audio file in another format. `walk` reports such files and leaves them out. */
  readonly unread?: string
}

export interface WalkOptions extends ExcludeOptions {
  readonly root?: string | undefined
  /** The output folder. It is not walked if a link leads to it. */
  readonly out?: string | undefined
  /** Whether symbolic links that are found in folders are followed; true by default. */
  readonly follow?: boolean | undefined
  /** Receives a folder that contains itself through a symbolic link, and a link into the output folder. They are skipped. */
  readonly onLoop?: ((path: string) => void) | undefined
  /** Receives a folder that a symbolic link repeats under another path, and its first path. It is walked again. */
  readonly onRepeat?: ((folder: string, first: string) => void) | undefined
  /**
   * Receives an audio file in another format, and its extension: 'flac', for example. A file that several inputs contain
   * under one relative path is reported once.
   */
  readonly onUnread?: ((file: string, kind: string) => void) | undefined
}

/** Returns the folders that are walked for the inputs. */
export async function walkedFolders(
  inputs: readonly string[],
  root: string | undefined,
  exclusion: Exclusion | undefined,
): Promise<WalkedFolder[]> {
  const sources = await Promise.all(inputs.map(sourceOf))
  return sources.flatMap((source) => {
    if (source.kind === 'file') return []
    const { folder } = source
    const prefix = fromRoot(root, folder) ?? ''
    const isLeftOut = (below: string) =>
      !isElsewhere(below) && exclusion?.covers(joinSlashed(prefix, below.replaceAll(path.sep, '/')), 'folder') === true
    return [{ folder, prefix, reaches: (below: string) => source.reaches(below) && !isLeftOut(below) }]
  })
}

/** A folder that is walked for an input. */
export interface WalkedFolder {
  readonly folder: string
  /** Its path relative to the root. */
  readonly prefix: FilePath
  /**
   * Whether a folder below it, given by its relative path, may have inputs. Not if the glob cannot match any file
   * there, or if the folder is left out.
   */
  reaches(below: string): boolean
}

/**
 * Yields the files of all inputs, in the order of the inputs. Within a folder, files come in the order of the system. At
 * the end, each input without files yields a failure. Files come in small groups, because one step of an async generator
 * costs more than finding a file. Throws E_NO_INPUT if no input has files.
 */
export async function* walk(
  inputs: readonly string[],
  options: WalkOptions = {},
): AsyncGenerator<readonly WalkedFile[]> {
  const empty: { readonly input: string; readonly unread: Counts; readonly leavesOut: boolean }[] = []
  const allUnread = new Counts()
  /** Audio files in other formats that were reported. A single input contains each of them once. */
  const reported = inputs.length > 1 ? new Set<string>() : undefined
  const visits = new Visits(options)
  const exclusions = new Exclusions(options, inputs.length > 1)
  /** Returns the files that the walk gives, and reports others. `unread` counts those of the input. */
  const keep = async (files: readonly WalkedFile[], unread: Counts) => {
    const kept: WalkedFile[] = []
    for (const file of files) {
      if (file.unread === undefined) {
        if (file.isLink && isInOutput(file.input, options.out)) options.onLoop?.(showPath(file.input))
        else kept.push(file)
        continue
      }
      unread.add(file.unread)
      if (reported !== undefined) {
        const key = await repeatKey(file)
        if (reported.has(key)) continue
        reported.add(key)
      }
      allUnread.add(file.unread)
      options.onUnread?.(showPath(file.input), file.unread)
    }
    return kept
  }
  for (const input of inputs) {
    let isEmpty = true
    const unread = new Counts()
    const before = exclusions.total
    for await (const files of walkInput(input, options, visits, exclusions)) {
      const kept = files.every(isPlain) ? files : await keep(files, unread)
      if (kept.length === 0) continue
      isEmpty = false
      yield kept
    }
    if (isEmpty) empty.push({ input, unread, leavesOut: exclusions.total > before })
  }
  if (empty.length === inputs.length) throw exclusions.total > 0 ? exclusions.noInput() : noInput(allUnread)
  for (const { input, unread, leavesOut } of empty) {
    if (!leavesOut) yield [{ ...fileOf(input, splitPath(input).name), failure: noInput(unread, { path: input }) }]
  }
}

const isPlain = ({ unread, isLink }: WalkedFile) => unread === undefined && isLink === undefined

/** Makes a walked file whose parent it shares with no other. */
function fileOf(input: FilePath, relative: FilePath): WalkedFile {
  const { folder, name } = splitPath(relative)
  return { input, relative, parent: { path: splitPath(input).folder, relative: folder }, name }
}

/** Returns what is equal for all occurrences of a file under one relative path. */
async function repeatKey({ input, relative }: WalkedFile): Promise<string> {
  const identity = await readIdentity(input).catch(() => showPath(input))
  return `${identity} ${showPath(relative)}`
}

/** Makes the error of inputs without files to read. It names the audio files of other formats that were found. */
function noInput(unread: Counts, details: ErrorDetails = {}): NoisemillError {
  const received = `there are only audio files that are not read (${unread})`
  return new NoisemillError('E_NO_INPUT', { ...details, ...(!unread.isEmpty && { received }) })
}

/** Yields the files of an input in groups. */
async function* walkInput(
  input: string,
  options: WalkOptions,
  visits: Visits,
  exclusions: Exclusions,
): AsyncGenerator<readonly WalkedFile[]> {
  const source = await sourceOf(input)
  if (source.kind === 'file') {
    const file = fileOf(input, relativeOf(input, options.root))
    if (exclusions.leavesOut(input, file.relative, 'file', false)) return
    // A name that Node has decoded with U+FFFD fails here. Two such names may be equal, which would be reported as a
    // clash.
    const isMangled = !source.exists && input.includes('\ufffd')
    const failure = new NoisemillError('E_INPUT_MISSING', { path: showPath(input), errno: 'ENOENT' })
    yield [isMangled ? { ...file, failure } : file]
    return
  }
  const prefix = fromRoot(options.root, source.folder) ?? ''
  if (prefix !== '' && exclusions.leavesOut(source.folder, prefix, 'folder', false)) return
  for await (const files of walkFolder(source, prefix, options, visits, exclusions)) {
    const { isWanted } = source
    const wanted = isWanted
      ? files.filter(({ relative, failure }) => failure !== undefined || isWanted(relative))
      : files
    const prefixed = prefix === '' ? wanted : withPrefix(wanted, prefix)
    if (options.exclusion === undefined) yield prefixed
    else
      yield prefixed.filter(
        ({ input, relative, failure }) => failure !== undefined || !exclusions.leavesOut(input, relative, 'file', true),
      )
  }
}

/** Puts the path of a folder before the relative paths of files that were found in it. */
function withPrefix(files: readonly WalkedFile[], prefix: FilePath): WalkedFile[] {
  const join = (relative: FilePath) => (relative.length === 0 ? prefix : joinSlashed(prefix, relative))
  let own: Parent | undefined
  let joined: Parent | undefined
  return files.map((file) => {
    if (file.parent !== own) joined = { path: file.parent.path, relative: join(file.parent.relative) }
    own = file.parent
    return { ...file, relative: join(file.relative), parent: joined! }
  })
}

/** Returns the path of an input relative to the root, if there is a root. Throws E_OPTION_INVALID if it is outside. */
function fromRoot(root: string | undefined, input: string): FilePath | undefined {
  if (root === undefined) return undefined
  const relative = relativeTo(root, input)
  if (relative === undefined) throw invalidOption('root', `a folder that contains ${input}`, root)
  return relative
}

/** Returns the path of an input that is a file, relative to the root, or without a root its name. */
export const relativeOf = (input: string, root: string | undefined): FilePath =>
  fromRoot(root, input) ?? splitPath(input).name

/** Whether a relative path leads out of its folder, as that of a folder found by device and inode: globs do not apply. */
const isElsewhere = (below: string): boolean => below.split(path.sep)[0] === '..' || path.isAbsolute(below)

type Source = { readonly kind: 'file'; readonly exists: boolean } | FolderSource

/** A folder to walk: an input, or the folder at the start of a glob. */
interface FolderSource {
  readonly kind: 'folder'
  readonly folder: string
  /** Whether the glob matches a file; undefined if there is no glob. */
  readonly isWanted?: (relative: FilePath) => boolean
  /** Levels of folders below `folder` that a file may lie in. */
  readonly depth: number
  readonly reaches: WalkedFolder['reaches']
}

async function sourceOf(input: string): Promise<Source> {
  const found = await statAsync(input).catch(() => undefined)
  const all = { depth: Number.POSITIVE_INFINITY, reaches: () => true }
  if (found) return found.isDirectory() ? { kind: 'folder', folder: input, ...all } : { kind: 'file', exists: true }
  // An input that exists is never a glob, even with brackets in its name.
  const glob = await readGlob(input)
  if (glob === undefined) return { kind: 'file', exists: false }
  const { base, rest } = glob
  // The base of C:/*.wav is C:, which would mean the current folder of that drive.
  const rooted = path.sep === '\\' && /^[A-Za-z]:$/.test(base) ? `${base}/` : base
  const folder = rooted === '' ? '.' : rooted.replaceAll(/\\(.)/g, '$1')
  // With a slash in a group, as in {a,b/c}, the depth is not known.
  const depth = /\*\*|[({][^)}]*\//.test(rest) ? Number.POSITIVE_INFINITY : rest.split('/').length - 1
  const exists = await statAsync(folder).catch(() => undefined)
  const reaches = (below: string) => {
    if (depth === Number.POSITIVE_INFINITY || below === '' || isElsewhere(below)) return true
    const names = below.split(path.sep)
    return names.length <= depth && glob.beginsAs(names.join('/'))
  }
  // A glob in a folder that does not exist matches nothing.
  const isWanted = (relative: FilePath) => glob.matches(textOf(relative))
  return { kind: 'folder', folder, isWanted, depth: exists ? depth : -1, reaches }
}

interface FoundFolder {
  readonly folder: FilePath
  readonly relative: FilePath
  readonly isLink: boolean
  /** Whether the folder, or a folder that contains it, is a symbolic link. */
  readonly isLinked: boolean
  /**
   * Whether a folder that contains it was visited before under another path. The report of that folder then suffices.
   */
  readonly isCovered: boolean
}

/** The first visit of a folder. */
interface Visit {
  readonly folder: FilePath
  /** Path of the folder's outputs, relative to the output folder. */
  readonly place: string
  readonly isLinked: boolean
  /** Whether the walk is in the folder. */
  isOpen: boolean
}

/** Remembers the folders of a walk, by device and inode, to find loops and repeated folders. */
class Visits {
  readonly #visits = new Map<string, Visit>()
  readonly #reported = new Set<string>()
  /** Device and inode of the output folder, once it exists. */
  #out: string | undefined

  constructor(readonly options: WalkOptions) {}

  /** Registers a visit. Returns the first visit of the folder, and whether that had another path. */
  visit(identity: string, found: FoundFolder, place: string): { readonly visit: Visit; readonly isRepeated: boolean } {
    const { folder, isLinked } = found
    const earlier = this.#visits.get(identity)
    if (earlier) return { visit: earlier, isRepeated: earlier.place !== place }
    const visit: Visit = { folder, place, isLinked, isOpen: false }
    this.#visits.set(identity, visit)
    return { visit, isRepeated: false }
  }

  /** Whether a folder is the output folder or a link into it. */
  async isOutput({ folder, isLink }: FoundFolder, identity: string): Promise<boolean> {
    const { out } = this.options
    if (out === undefined) return false
    if (isLink && isInOutput(folder, out)) return true
    this.#out ??= await readIdentity(out).catch(() => undefined)
    return identity === this.#out
  }

  /** Reports a folder that a link repeats. Each is reported once, even if it is in several inputs. */
  report({ folder, isLinked, isCovered }: FoundFolder, first: Visit, place: string): void {
    if (isCovered || !(isLinked || first.isLinked) || this.#reported.has(place)) return
    this.#reported.add(place)
    this.options.onRepeat?.(showPath(folder), showPath(first.folder))
  }
}

/** A folder that is being walked, and its folders that are still to be walked. */
interface Level {
  readonly visit: Visit
  readonly folders: FoundFolder[]
}

/**
 * Yields the files of a folder, then those of each folder in it. The stack is an array, because nested generators would
 * exceed the call stack in deep folders, pass each file through every level, and keep a folder open for each level.
 *
 * @param prefix path of the folder relative to the root
 */
async function* walkFolder(
  { folder, depth, reaches }: FolderSource,
  prefix: FilePath,
  options: WalkOptions,
  visits: Visits,
  exclusions: Exclusions,
): AsyncGenerator<readonly WalkedFile[]> {
  if (depth < 0) return
  const levels: Level[] = []
  const isReached = ({ folder, relative }: FoundFolder) =>
    reaches(path.normalize(textOf(relative))) &&
    !exclusions.leavesOut(folder, joinSlashed(prefix, relative), 'folder', true)
  let next: FoundFolder | undefined = { folder, relative: '', isLink: false, isLinked: false, isCovered: false }
  for (;;) {
    if (next) {
      const found: FoundFolder = next
      const identity = await readIdentity(found.folder).catch((error) => error as NodeJS.ErrnoException)
      if (typeof identity !== 'string') yield [failed(found, 'E_INPUT_UNREADABLE', identity)]
      else {
        const place = showPath(joinSlashed(prefix, found.relative))
        const { visit, isRepeated } = visits.visit(identity, found, place)
        if (visit.isOpen || (await visits.isOutput(found, identity))) {
          options.onLoop?.(showPath(found.folder))
        } else {
          if (isRepeated) visits.report(found, visit, place)
          const folders: FoundFolder[] = []
          yield* readFolder({ ...found, isCovered: found.isCovered || isRepeated }, folders, options.follow ?? true)
          const reached = levels.length < depth ? folders.filter(isReached) : []
          if (reached.length > 0) {
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

/**
 * Yields the files of one folder in groups, and adds the folders in it to `folders`. If the folder cannot be read to its
 * end, its failure follows the files that were found.
 */
async function* readFolder(
  found: FoundFolder,
  folders: FoundFolder[],
  follow: boolean,
): AsyncGenerator<readonly WalkedFile[]> {
  let entries: FolderReader
  try {
    entries = await FolderReader.open(found.folder)
  } catch (error) {
    yield [failed(found, 'E_INPUT_UNREADABLE', error)]
    return
  }
  const sorter = new Sorter(found, folders, follow)
  try {
    for (;;) {
      const next = sorter.addFiles(entries)
      const entry = next instanceof Promise ? await next : next
      if (entry === null) break
      if (next instanceof Promise && sorter.files.length > 0) yield sorter.takeFiles()
      await sorter.add(entry)
    }
  } catch (error) {
    sorter.files.push(failed(found, 'E_INPUT_READ', error))
  } finally {
    entries.close()
  }
  if (sorter.files.length > 0) yield sorter.takeFiles()
}

/** Sorts the entries of a folder into files and folders. */
class Sorter {
  files: WalkedFile[] = []
  readonly #parent: Parent

  constructor(
    readonly found: FoundFolder,
    readonly folders: FoundFolder[],
    readonly follow: boolean,
  ) {
    this.#parent = { path: found.folder, relative: found.relative }
  }

  /** Returns the files that were found since it was last called. */
  takeFiles(): WalkedFile[] {
    const { files } = this
    this.files = []
    return files
  }

  /**
   * Adds entries until one needs to be waited for or looked up, and returns that one, or null at the end. It is no
   * generator, because V8 needs a multiple of the time to compile one for speed.
   */
  addFiles(entries: FolderReader): ReturnType<FolderReader['next']> {
    for (;;) {
      const entry = entries.next()
      if (entry === null || entry instanceof Promise || !entry.isFile()) return entry
      this.#addFile(entryName(entry), false)
    }
  }

  /** Adds any entry. */
  async add(entry: Entry): Promise<void> {
    const { folder, relative, isLinked, isCovered } = this.found
    const name = entryName(entry)
    const isLink = entry.isSymbolicLink()
    if (isHidden(name) || (isLink && !this.follow)) return
    const path = joinPath(folder, name)
    const kind = entry.isFile() ? 'file' : await kindOf(entry, path)
    if (kind === 'file') this.#addFile(name, isLink)
    if (kind !== 'folder') return
    const below = joinSlashed(relative, name)
    this.folders.push({ folder: path, relative: below, isLink, isLinked: isLinked || isLink, isCovered })
  }

  #addFile(name: FilePath, isLink: boolean): void {
    if (isHidden(name)) return
    const text = typeof name === 'string' ? name : Buffer.from(name).toString('latin1')
    const isAudio = isAudioName(text)
    const unread = isAudio ? undefined : UNREAD_NAME.exec(text)?.[1].toLowerCase()
    if (!isAudio && unread === undefined) return
    const { path, relative } = this.#parent
    const file = { input: joinPath(path, name), relative: joinSlashed(relative, name), parent: this.#parent, name }
    this.files.push(isLink || !isAudio ? { ...file, ...(isLink && { isLink }), ...(unread && { unread }) } : file)
  }
}

const entryName = ({ name }: Entry): FilePath => (typeof name === 'string' ? name : pathFromBytes(name))

function failed({ folder, relative }: FoundFolder, code: ErrorCode, error: unknown): WalkedFile {
  const failure = new NoisemillError(code, { path: showPath(folder), errno: errnoOf(error) })
  return { ...fileOf(folder, relative), failure }
}

/** Does what `identityOf` does, without blocking the JS thread. Rejects if the path cannot be read. */
async function readIdentity(folder: FilePath): Promise<string> {
  const { dev, ino } = await statAsync(folder as string, { bigint: true })
  return `${dev}:${ino}`
}

/** Whether a link leads into the output folder. Its target may be the output of another input. */
const isInOutput = (link: FilePath, out: string | undefined): boolean =>
  out !== undefined && typeof link === 'string' && isWithin(link, out)

async function kindOf(entry: Entry, file: FilePath): Promise<'file' | 'folder' | 'other'> {
  if (entry.isDirectory()) return 'folder'
  // A link, or an entry without a type. A dangling link counts as a file: its job reports that it is missing.
  const found = await statAsync(file as string).catch(() => undefined)
  if (found?.isDirectory()) return 'folder'
  return found === undefined || found.isFile() ? 'file' : 'other'
}
