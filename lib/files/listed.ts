/** Turns listed files into those of a run, as they come: their relative paths, repeats and clashes. */

import { hash } from 'node:crypto'
import type { StemName } from '../core/stems.js'
import { NoisemillError } from '../errors.js'
import { type ExcludeOptions, Exclusions } from './exclusions.js'
import type { ListedFile } from './input-list.js'
import { identityOf, isLink, isWithin, type Variants } from './outputs.js'
import { type FilePath, joinPath, joinSlashed, nameOf, pathToBytes, relativeTo, showPath, splitPath } from './paths.js'
import { ProtectedFiles } from './protected.js'
import { outputFolders } from './stems.js'
import type { Parent, WalkedFile } from './walk.js'

type Groups = Iterable<readonly ListedFile[]> | AsyncIterable<readonly ListedFile[]>

/** Listed files, in groups. */
export interface Listing {
  /** Name of the list in messages; undefined for files that a program gives. */
  readonly name?: string | undefined
  /** Path of the list, if it is a file that outputs might replace. */
  readonly path?: string | undefined
  /** Whether `groups` may be called several times. */
  readonly isReadAgain: boolean
  groups(): Groups
}

export interface ListedOptions extends ExcludeOptions {
  readonly root: string | undefined
  readonly out: string
  readonly variants: Variants
  readonly stems: readonly StemName[]
  /** Whether outputs may replace files. */
  readonly replaces: boolean
  /** Receives a file that is listed again, and its first path. It is left out. */
  readonly onRepeat: (file: string, first: string) => void
}

/**
 * Yields the files of a list in groups, in its order. Of two files with the same output, the first gets it, and the other
 * fails. A path that is repeated is left out. If outputs may replace files, the list is read to its end before the first
 * file is given, because a file that it names at its end may be where an output goes. Throws E_NO_INPUT if nothing is
 * listed, or all is left out.
 */
export async function* walkListed(listing: Listing, options: ListedOptions): AsyncGenerator<readonly WalkedFile[]> {
  const { root, out, variants, onRepeat } = options
  // Nothing can be replaced in a folder that does not exist.
  const isAhead = options.replaces && identityOf(out) !== undefined
  const ahead = isAhead ? await readAhead(listing, out, variants) : undefined
  const exclusions = new Exclusions(options, false)
  const outputs = new Fingerprints()
  let isEmpty = true
  let parent: Parent | undefined
  let isParentInOut = false
  const isIn = within(out)
  const folders = outputFolders(options.stems)
  /** Makes the file of a run. Undefined if it is left out. */
  const fileOf = ({ input, failure }: ListedFile): WalkedFile | undefined => {
    const relative = root === undefined ? splitPath(input).name : relativeTo(root, input)
    const { folder, name } = splitPath(relative ?? splitPath(input).name)
    const path = splitPath(input).folder
    if (parent?.path !== path || parent.relative !== folder) {
      parent = { path, relative: folder }
      isParentInOut = isIn(path)
    }
    const file = { input, relative: relative ?? name, parent, name }
    if (failure) return { ...file, failure }
    if (relative === undefined) {
      const received = `${showPath(input)} lies outside the root ${root}`
      return { ...file, failure: new NoisemillError('E_ITEM_INVALID', { received }) }
    }
    if (exclusions.leavesOut(input, relative, 'file', false)) return undefined
    // Otherwise a list that another program makes during the run might never end.
    if (isParentInOut || (isLink(input) && isIn(input)))
      return { ...file, failure: new NoisemillError('E_INPUT_IN_OUTPUT', { path: showPath(input) }) }
    const first = outputs.claim(pathToBytes(relative).toString('latin1'), nameOf(input))
    if (first === 'same') {
      onRepeat(showPath(input), showPath(input))
      return undefined
    }
    if (first === 'other') return { ...file, failure: new NoisemillError('E_OUTPUT_CLASH', { path: showPath(input) }) }
    const replaced = folders
      .map((folder) => ahead?.inputs.find(joinPath(out, joinSlashed(folder, relative))))
      .find((output) => output !== undefined)
    if (replaced === undefined) return file
    return { ...file, failure: new NoisemillError('E_OUTPUT_IS_INPUT', { path: showPath(replaced) }) }
  }
  for await (const group of ahead?.groups ?? listing.groups()) {
    const files = group.map(fileOf).filter((file) => file !== undefined)
    if (files.length === 0) continue
    isEmpty = false
    yield files
  }
  if (!isEmpty) return
  if (exclusions.total > 0) throw exclusions.noInput()
  const { name } = listing
  throw new NoisemillError('E_NO_INPUT', name === undefined ? {} : { path: name, received: 'the list is empty' })
}

/** Number of answers that are kept. Lists go from folder to folder, but often come back to one. */
const KEPT_ANSWERS = 10_000

/** Makes a check whether a file or folder lies in the output folder. A path that is not text is not looked up. */
export function within(out: string): (path: FilePath) => boolean {
  const answers = new Map<string, boolean>()
  return (path) => {
    if (typeof path !== 'string') return false
    const known = answers.get(path)
    if (known !== undefined) return known
    const isIn = isWithin(path === '' ? '.' : path, out)
    if (answers.size === KEPT_ANSWERS) answers.clear()
    answers.set(path, isIn)
    return isIn
  }
}

interface Ahead {
  readonly groups: Groups
  /** The inputs in the output folder, and the list if it is there. */
  readonly inputs: ProtectedFiles
}

/** Reads a list to its end. The files are kept only if it cannot be read again. */
async function readAhead(listing: Listing, out: string, variants: Variants): Promise<Ahead> {
  const inputs = new ProtectedFiles(variants, false, out)
  if (listing.path !== undefined) inputs.add(listing.path)
  const kept: (readonly ListedFile[])[] = []
  for await (const group of listing.groups()) {
    for (const { input, failure } of group) if (failure === undefined) inputs.add(input)
    if (!listing.isReadAgain) kept.push(group)
  }
  return { groups: listing.isReadAgain ? listing.groups() : kept, inputs }
}

/** Words of a slot: two for the name, and one for what has it. */
const SLOT = 3
const FIRST_SLOTS = 1024

/**
 * Remembers which names were given to what. It keeps 63 bits of each name and 31 bits of what has it, however long both
 * are. Two different names are taken for one with a probability of 1 in 2^63 for each pair of names.
 */
export class Fingerprints {
  #slots = new Uint32Array(SLOT * FIRST_SLOTS)
  #count = 0

  /** Gives a name to an owner. If it was given before, returns whether that was to the same owner. */
  claim(name: string, owner: string): 'same' | 'other' | undefined {
    if (4 * this.#count > 3 * (this.#slots.length / SLOT)) this.#grow()
    const [low, high] = wordsOf(name)
    const [mark] = wordsOf(owner)
    const at = this.#find(low, high)
    if (this.#slots[at] !== 0) return this.#slots[at + 2] === mark ? 'same' : 'other'
    this.#slots.set([low, high, mark], at)
    this.#count++
    return undefined
  }

  /** Returns the slot of a name, or the empty slot where it belongs. The first word of an empty slot is 0. */
  #find(low: number, high: number): number {
    const slots = this.#slots
    for (let at = (high % (slots.length / SLOT)) * SLOT; ; at = (at + SLOT) % slots.length) {
      if (slots[at] === 0 || (slots[at] === low && slots[at + 1] === high)) return at
    }
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(2 * old.length)
    for (let at = 0; at < old.length; at += SLOT) {
      if (old[at] !== 0) this.#slots.set(old.subarray(at, at + SLOT), this.#find(old[at], old[at + 1]))
    }
  }
}

/** Returns 63 bits of the digest of a text: an odd word, which is never 0, and another. */
function wordsOf(text: string): [number, number] {
  // Each character is one byte. A Buffer would take three times as long.
  const digest = hash('sha256', text, 'binary')
  const word = (at: number) => [0, 1, 2, 3].reduce((bits, i) => (bits << 8) | digest.charCodeAt(at + i), 0) >>> 0
  return [(word(0) | 1) >>> 0, word(4)]
}
