/** The commands that contenders are made of. */

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { loadAddon } from '../../dist-lib/backends/addon.js'
import { loadWasmModule } from '../../dist-lib/backends/wasm.js'
import { programFile } from './paths.js'
import type { Command, Missing, Place } from './workload.js'

/** Runs `noisemill` of the package under test. */
export const noisemillCommand = ({ build }: Pick<Place, 'build'>, ...args: readonly string[]): Command => ({
  file: process.execPath,
  args: [path.join(build, 'dist/cli/bin.cjs'), ...args],
})

/** Environment variable that tells a program of bench/programs which package to load, see programs/build.ts. */
const BUILD_VARIABLE = 'NOISEMILL_BENCH_BUILD'

/** Runs a compiled program of bench/programs with Node. */
export const nodeProgram = ({ build }: Pick<Place, 'build'>, name: string, ...args: readonly string[]): Command => ({
  file: process.execPath,
  args: [programFile(name), ...args],
  env: { [BUILD_VARIABLE]: build },
})

/** Runs a program of bench/programs with the first Python in PATH, or with the system's if only that has the packages. */
export const pythonProgram = (name: string, ...args: readonly string[]): Command => ({
  file: python(),
  args: [programFile(name), ...args],
})

const answers = new Map<string, boolean>()

/** Whether a command ends with 0. Asked once. */
function succeeds(file: string, ...args: readonly string[]): boolean {
  const key = JSON.stringify([file, ...args])
  if (!answers.has(key)) answers.set(key, spawnSync(file, args, { stdio: 'ignore' }).status === 0)
  return answers.get(key)!
}

const imports = (modules: string) => ['-c', `import ${modules}`]

let chosen: string | undefined
export function python(): string {
  chosen ??= ['python3', '/usr/bin/python3'].find((file) => succeeds(file, ...imports('numpy, scipy'))) ?? 'python3'
  return chosen
}

/** Why a contender in Python cannot run here; undefined if it can. */
export async function missingPython(modules = 'numpy, scipy'): Promise<Missing | undefined> {
  if (succeeds(python(), ...imports(modules))) return undefined
  return { what: `Python with ${modules.replace(', ', ' and ')}`, install: 'apt-get install python3-scipy' }
}

/** Why a contender that needs a command cannot run here; undefined if it can. */
export async function missingCommand(file: string, install: string): Promise<Missing | undefined> {
  return succeeds('sh', '-c', `command -v ${file}`) ? undefined : { what: file, install }
}

/** Why a contender that needs a Node package cannot run here; undefined if it can. */
export async function missingPackage(name: string): Promise<Missing | undefined> {
  try {
    import.meta.resolve(name)
    return undefined
  } catch {
    return { what: `the package ${name}`, install: `npm install --no-save ${name}` }
  }
}

/** Why a contender that computes in the addon cannot run here; undefined if it can. */
export async function missingAddon(): Promise<Missing | undefined> {
  const loaded = loadAddon()
  return 'reason' in loaded ? { what: `the addon (${loaded.reason})`, install: loaded.remedy } : undefined
}

/** Why a contender that computes in WebAssembly cannot run here; undefined if it can. */
export async function missingWasm(): Promise<Missing | undefined> {
  const loaded = loadWasmModule()
  if (!('reason' in loaded)) return undefined
  return { what: `WebAssembly (${loaded.reason})`, install: 'apt-get install clang lld, then npm run build:wasm' }
}
