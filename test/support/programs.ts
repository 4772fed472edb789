/** Programs in processes of their own: the command line as a shell runs it, and scripts that have the package. */

import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export const bin = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url))

/** Below the time that a test has, so that a child that hangs is killed and told of. */
const TIMEOUT_MILLISECONDS = 50_000

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Settings {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

type Child = ChildProcessByStdio<null, Readable, Readable>

export interface Running {
  readonly child: Child
  readonly ended: Promise<Ended>
}

/** This environment without what would decide on colours and threads. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR, NO_COLOR, UV_THREADPOOL_SIZE, ...rest } = process.env
  return rest
}

export function start(command: readonly string[], { cwd, env = {} }: Settings = {}): Running {
  const child = spawn(command[0], command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...plainEnvironment(), ...env },
    timeout: TIMEOUT_MILLISECONDS,
    killSignal: 'SIGKILL',
    ...(cwd !== undefined && { cwd }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') reject(new Error(`hung: ${command.join(' ')}\n${stdout}${stderr}`))
      else resolve({ code, stdout, stderr })
    })
  })
  return { child, ended }
}

export const startNoisemill = (args: readonly string[], settings?: Settings): Running =>
  start([process.execPath, bin, ...args], settings)

export const noisemill = (args: readonly string[], settings?: Settings): Promise<Ended> =>
  startNoisemill(args, settings).ended

/** Lines of a text that ends with a newline, or is empty. */
export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)

// biome-ignore lint/suspicious/noExplicitAny: what the lines hold is what is tested
export type Json = any

/** What a run with --json said: one object for each output, and the last for all. */
export function jsonOf({ stdout }: Ended): { files: Json[]; summary: Json } {
  const objects: Json[] = linesOf(stdout).map((line) => JSON.parse(line))
  return { files: objects.slice(0, -1), summary: objects.at(-1) }
}

/** A value as the text of a program. */
export const quote = JSON.stringify

/** A program that has the package as `noisemill`. */
export const programFor = (body: string) =>
  `import * as noisemill from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}\n${body}`

/** Runs a program in a Node of its own, which is killed if it hangs. */
export function runNode(
  body: string,
  { flags = [], env = {} }: { flags?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
) {
  return spawnSync(process.execPath, [...flags, '--input-type=module', '--eval', programFor(body)], {
    encoding: 'utf8',
    timeout: TIMEOUT_MILLISECONDS,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...env },
  })
}
