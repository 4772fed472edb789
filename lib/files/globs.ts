/** Globs, as picomatch reads them: those of inputs, and those that leave files and folders out. */

import path from 'node:path'
import type { PicomatchOptions } from 'picomatch'
import { invalidOption } from '../errors.js'
import { type FilePath, showPath } from './paths.js'

/** Globs begin with no negation, because a name may begin with an exclamation mark. */
const OPTIONS: PicomatchOptions = { nonegate: true }

/** The package is loaded only if there may be a glob. */
const load = async () => (await import('picomatch')).default

/**
 * Converts a glob to picomatch's form. A backslash escapes the next character, except on Windows, where it separates
 * names. Shells negate a class of characters by [!...], picomatch by [^...] alone.
 */
const asPicomatch = (glob: string): string =>
  (path.sep === '\\' ? glob.replaceAll('\\', '/') : glob).replaceAll(/(?<!\\)\[!/g, '[^')

/** Converts a path to text for globs. */
export const textOf = (relative: FilePath): string => (typeof relative === 'string' ? relative : showPath(relative))

/** A glob in two parts. */
export interface Glob {
  /** The folder that it begins with, which has no special characters; '' if there is none. */
  readonly base: string
  /** What follows the folder. */
  readonly rest: string
  matches(rest: string): boolean
  /** Whether the first names of `rest`, as many as this text has, match it. */
  beginsAs(names: string): boolean
}

/** Reads the glob of an input. Undefined if it has no special characters. Throws E_OPTION_INVALID if it is too long. */
export async function readGlob(input: string): Promise<Glob | undefined> {
  const picomatch = await load()
  const { base, glob, isGlob } = picomatch.scan(asPicomatch(input), OPTIONS)
  if (!isGlob) return undefined
  const matches = compiled(() => picomatch(glob, OPTIONS), 'inputs', input)
  const beginsAs = (names: string) => {
    const parts = glob.split('/').slice(0, names.split('/').length).join('/')
    return picomatch(parts, OPTIONS)(names)
  }
  return { base, rest: glob, matches, beginsAs }
}

/** Compiles a glob. Throws E_OPTION_INVALID with the option that has it if that fails. */
function compiled(compile: () => (name: string) => boolean, option: string, glob: string): (name: string) => boolean {
  try {
    const matches = compile()
    // A regular expression that is too large fails when it is first used.
    matches('a')
    return matches
  } catch {
    const expected = `${option === 'inputs' ? 'paths, or ' : ''}globs of fewer characters`
    throw invalidOption(option, expected, glob)
  }
}

export type EntryKind = 'file' | 'folder'

/** Globs that leave files and folders out. Paths are relative, with '/' between names. */
export class Exclusion {
  private constructor(readonly rules: readonly ((relative: string, kind: EntryKind) => boolean)[]) {}

  /**
   * Compiles globs. One without a slash is compared with names, and any other with whole paths. One that ends with a slash
   * matches folders only. Returns undefined if there are none. Throws E_OPTION_INVALID if one is empty or too long.
   */
  static async of(globs: readonly string[]): Promise<Exclusion | undefined> {
    if (globs.length === 0) return undefined
    const picomatch = await load()
    const rules = globs.map((glob) => {
      const [, start, pattern, end] = /^(\/?)(.*?)(\/*)$/s.exec(asPicomatch(glob))!
      if (pattern === '') throw invalidOption('exclude', 'globs', glob)
      const matches = compiled(() => picomatch(pattern, OPTIONS), 'exclude', glob)
      const isPath = start !== '' || pattern.includes('/')
      return (relative: string, kind: EntryKind) =>
        (end === '' || kind === 'folder') && matches(isPath ? relative : relative.slice(relative.lastIndexOf('/') + 1))
    })
    return new Exclusion(rules)
  }

  /** Whether a file or folder matches a glob. */
  matches(relative: FilePath, kind: EntryKind): boolean {
    const text = textOf(relative)
    return this.rules.some((rule) => rule(text, kind))
  }

  /** Whether a file or folder, or a folder that it lies in, matches a glob. */
  covers(relative: FilePath, kind: EntryKind): boolean {
    const text = textOf(relative)
    for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) {
      if (this.matches(text.slice(0, at), 'folder')) return true
    }
    return this.matches(text, kind)
  }
}
