/** A project that has the package as `noisemill`, to run what the documentation shows in it. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { root, sharedFolder } from '../support/folders.js'
import { start } from '../support/programs.js'
import { isWindows } from '../support/systems.js'

/** Made for a test file, and removed after its tests; with these packages beside noisemill. */
export function makeProject(...packages: string[]): string {
  const project = sharedFolder()
  writeFileSync(path.join(project, 'package.json'), '{ "type": "module" }')
  mkdirSync(path.join(project, 'node_modules'))
  symlinkSync(root, path.join(project, 'node_modules/noisemill'), 'junction')
  for (const name of packages)
    symlinkSync(path.join(root, 'node_modules', name), path.join(project, 'node_modules', name), 'junction')
  return project
}

/** Stands for a number with its unit, in lines whose figures differ from run to run. */
const FIGURE = '(figure)'
const withoutFigures = (line: string) => line.replace(/\d+(\.\d+)?( (us|ms|s|B|kB|MB|%)(?!\w))?/g, FIGURE)

/** What a program prints, by its comments `// -> line`. In lines after `// ~>`, the figures may be others. */
export const outputIn = (code: string): string =>
  Array.from(code.matchAll(/\/\/ ([-~])> (.*)/g), ([, kind, line]) =>
    kind === '~' ? `${withoutFigures(line)}\n` : `${line}\n`,
  ).join('')

/** Runs a module of the project in the folder that it lies in, and compares what it prints, paths with '/'; to stderr nothing. */
export async function expectOutput(module: string, stdout: string): Promise<void> {
  const ended = await start([process.execPath, module], { cwd: path.dirname(module) }).ended
  // An array that is printed has two of each backslash.
  const printed = isWindows ? ended.stdout.replace(/\\+/g, '/') : ended.stdout
  const expected = stdout.split('\n')
  const lines = printed.split('\n').map((line, i) => (expected[i]?.includes(FIGURE) ? withoutFigures(line) : line))
  expect({ ...ended, stdout: lines.join('\n') }).toEqual({ code: 0, stdout, stderr: '' })
}
