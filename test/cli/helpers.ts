/** The command line as a shell runs it, and files for it to work on. */

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { linkSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { formats, sine, wav } from '../support/wav.js'

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

/** Frames of the files that `writeInputs` makes: more than one noise block of 4096, and not a multiple of it. */
export const FRAMES = 10_000
/** Bytes before the samples in a WAV of `wav()` without further chunks. */
export const HEADER_BYTES = 44

export const pcm16 = (amplitude = 0.25, frames = FRAMES) => wav({ data: sine(formats[1], frames, 1, amplitude) })

/** Writes files, their folders as needed, below a folder. */
export function writeInputs(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  for (const [name, bytes] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, bytes)
  }
}

/** A folder of many names for one large file: a long run that costs little room. */
export function writeLongInputs(folder: string, count: number): void {
  // 4 MB: a hundred reads or so in each, so that a signal comes in the middle of one.
  const place = path.dirname(folder)
  writeInputs(place, { 'long.bin': wav({ tag: 3, bits: 32, data: sine(formats[4], 1_000_000) }) })
  mkdirSync(folder)
  for (let i = 0; i < count; i++) linkSync(path.join(place, 'long.bin'), path.join(folder, `${i}.wav`))
}

export const isTemporary = (file: string): boolean => file.endsWith('.tmp')

/** Resolves once the condition is met; the time limit of the child that it waits for is the limit here. */
export async function until(condition: () => boolean, { child }: Running): Promise<void> {
  while (!condition()) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the child ended before')
    await setTimeout(2)
  }
}
