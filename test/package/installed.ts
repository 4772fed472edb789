/** The package as npm would publish it, unpacked beside what it needs: as if it were installed. */

import { execFileSync, execSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { loadAddon } from '../../dist-lib/backends/addon.js'
import { root, sharedFolder } from '../support/folders.js'
import { start } from '../support/programs.js'

/** The folder of prebuilt binaries for this platform, from the package's on. */
export const prebuilds = path.join('prebuilds', `${process.platform}-${process.arch}`)

export interface Packed {
  readonly filename: string
  readonly size: number
  readonly shasum: string
  readonly files: readonly { readonly path: string; readonly size: number }[]
}

/** Packs what is built, into a folder. */
export function pack(folder: string): Packed {
  // By a shell: on Windows npm is a batch file.
  const told = execSync(`npm pack --ignore-scripts --json --pack-destination "${folder}"`, {
    cwd: root,
    encoding: 'utf8',
  })
  return JSON.parse(told)[0]
}

/** The binary that was built here, if there is one: what a prebuilt one would be. */
function binary(): string | undefined {
  const loaded = loadAddon()
  return 'binary' in loaded ? path.join(root, loaded.binary) : undefined
}

export const hasBinary = binary() !== undefined || process.env.NOISEMILL_NATIVE === 'require'

/** A project with the package in its node_modules. */
export class Project {
  readonly folder = sharedFolder()
  readonly package = path.join(this.folder, 'node_modules', 'noisemill')

  constructor(packed: string) {
    const modules = path.join(this.folder, 'node_modules')
    mkdirSync(modules)
    for (const name of readdirSync(path.join(root, 'node_modules'))) {
      if (!name.startsWith('.'))
        symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name), 'junction')
    }
    // Some tar for Windows take C: for a host.
    execFileSync('tar', ['-xzf', '-'], { cwd: modules, input: readFileSync(packed) })
    cpSync(path.join(modules, 'package'), this.package, { recursive: true })
    rmSync(path.join(modules, 'package'), { recursive: true })
    rmSync(path.join(this.package, 'prebuilds'), { recursive: true, force: true })
    writeFileSync(path.join(this.folder, 'package.json'), '{ "type": "module" }')
  }

  /** Puts the binary of this clone, or some text, where one would be. */
  put(file: string, text?: string): void {
    const target = path.join(this.package, file)
    mkdirSync(path.dirname(target), { recursive: true })
    if (text === undefined) copyFileSync(binary()!, target)
    else writeFileSync(target, text)
  }

  write(file: string, text: string): void {
    writeFileSync(path.join(this.folder, file), text)
  }

  read(file: string): string {
    return readFileSync(path.join(this.folder, file), 'utf8')
  }

  /** Runs a program of the project; what it says. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    // With a sanitizer the tests' own addon is found by NOISEMILL_PREBUILD: here it is the installed one that counts.
    const plain = { NOISEMILL_NATIVE: '', NOISEMILL_WASM: '', NOISEMILL_PREBUILD: '', NODE_OPTIONS: '' }
    return start([process.execPath, ...args], { cwd: this.folder, env: { ...plain, ...env } }).ended
  }

  /** What a pool with these options says of itself, or the error that it is refused with; the import is no part of that. */
  async info(env: NodeJS.ProcessEnv = {}, flags: readonly string[] = []) {
    this.write('info.js', INFO)
    const ended = await this.run([...flags, 'info.js'], env)
    if (ended.code !== 0) throw new Error(ended.stderr)
    return JSON.parse(ended.stdout)
  }
}

const INFO = `
import { Pool } from 'noisemill'
let told
try {
  told = new Pool().info
} catch (error) {
  told = { code: error.code, message: error.message }
}
console.log(JSON.stringify(told))
`
