/** Runs programs in processes of their own: the command line, and scripts that import the package. */

import { type ChildProcess, type ChildProcessByStdio, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll } from 'vitest'
import { isLong } from './size.js'

export const bin = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url))

/** Shorter than the time limit of a test, so that a child that hangs is killed and reported. */
export const TIMEOUT_MILLISECONDS = 500_000

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

export const hasEnded = ({ child }: Running): boolean => child.exitCode !== null || child.signalCode !== null

/** Returns the environment without the variables that set colours and the number of libuv's threads. */
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

type RunCommand = (args: readonly string[], settings: { readonly cwd: string }) => Promise<Ended>

/**
 * Makes a function that runs command lines. In the short form one process runs them all, because starting Node takes
 * longer than a command that is refused; it ends after the tests of the file or `describe` that calls this.
 */
export function commandRunner(): RunCommand {
  if (isLong) return noisemill
  let child: ChildProcess
  let last: Promise<unknown> = Promise.resolve()
  beforeAll(() => {
    child = fork(new URL('tasks/command-process.mjs', import.meta.url), { env: plainEnvironment() })
  })
  afterAll(() => child.disconnect())

  const run: RunCommand = async (args, { cwd }) => {
    const ended = new AbortController()
    const died = once(child, 'exit', ended).then(() => {
      throw new Error(`the process died of ${args.join(' ')}`)
    })
    child.send({ args, cwd })
    const [message] = await Promise.race([once(child, 'message', ended), died]).finally(() => ended.abort())
    return message as Ended
  }
  return (args, settings) => {
    const next = last.then(() => run(args, settings))
    last = next.catch(() => {})
    return next
  }
}

/** Returns the lines of a text that ends with a newline or is empty. */
export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)

// biome-ignore lint/suspicious/noExplicitAny: what the lines hold is what is tested
export type Json = any

/** Parses a file of JSON lines, such as a report. */
export const rowsOf = (file: string): Json[] => linesOf(readFileSync(file, 'utf8')).map((line) => JSON.parse(line))

/** Parses what a run with --json printed: one object for each output, and the summary. */
export function jsonOf({ stdout }: Ended): { files: Json[]; summary: Json } {
  const objects: Json[] = linesOf(stdout).map((line) => JSON.parse(line))
  return { files: objects.slice(0, -1), summary: objects.at(-1) }
}

/** Formats words as a line for the shell. */
export const shellLine = (words: readonly string[]): string =>
  words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')

/** Formats a value as source text. */
export const quote = JSON.stringify

/** Makes a program that imports the package as `noisemill`. */
export const programFor = (body: string) =>
  `import * as noisemill from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}\n${body}`

/** Runs a program in a Node process of its own, which is killed if it hangs. */
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
