/** The examples in the docstrings of what the package exports, out of its declarations. */

import ts from 'typescript'
import { root } from '../support/folders.js'

export interface Example {
  /** What it is an example of: an export, or a member of an exported class. */
  readonly name: string
  readonly code: string
}

const { options: projectOptions } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile).config,
  ts.sys,
  root,
)

/** All exports and members of classes that are to have examples, with those that they have. */
export function documented(): Map<string, readonly Example[]> {
  const entries = ['index', 'bullmq'].map((name) => `${root}/dist/${name}.d.ts`)
  const program = ts.createProgram(entries, { ...projectOptions, types: [] })
  const checker = program.getTypeChecker()
  const found = new Map<string, readonly Example[]>()
  const add = (name: string, symbol: ts.Symbol) => found.set(name, examplesOf(name, symbol.getJsDocTags(checker)))
  const exportsOf = (entry: string) =>
    checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!)
  for (const exported of entries.flatMap(exportsOf)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    add(exported.name, symbol)
    if (!(symbol.flags & ts.SymbolFlags.Class)) continue
    for (const member of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
      if (isPublicMember(member, checker)) add(`${exported.name}.${checker.symbolToString(member)}`, member)
    }
  }
  return found
}

/** Fields of an error are named in its own example. */
function isPublicMember(member: ts.Symbol, checker: ts.TypeChecker): boolean {
  const isInternal = member.getJsDocTags(checker).some((tag) => tag.name === 'internal')
  const isField = member.flags & ts.SymbolFlags.Property && member.name !== 'info'
  return !isInternal && !isField && !member.name.startsWith('__constructor')
}

const examplesOf = (name: string, tags: readonly ts.JSDocTagInfo[]): Example[] =>
  tags.filter((tag) => tag.name === 'example').map((tag) => ({ name, code: ts.displayPartsToString(tag.text) }))

/** Compiles modules, each to a .js beside it. Returns what is wrong with them, for a person. */
export function compile(modules: readonly string[]): string {
  const { rootDir, outDir, ...options } = projectOptions
  const program = ts.createProgram(modules, {
    ...options,
    typeRoots: [`${root}/node_modules/@types`],
    declaration: false,
    sourceMap: false,
  })
  const { diagnostics } = program.emit()
  return ts.formatDiagnostics([...ts.getPreEmitDiagnostics(program), ...diagnostics], {
    getCanonicalFileName: (file) => file,
    getCurrentDirectory: () => root,
    getNewLine: () => '\n',
  })
}
