/** Runs other programs that read or make audio, and Python with SciPy. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { temporaryFolder } from './folders.js'

const runs = (command: string, ...args: string[]) => spawnSync(command, args).status === 0

export const hasSox = (): boolean => runs('sox', '--version') && runs('soxi', '-V0')
export const hasFfmpeg = (): boolean => runs('ffmpeg', '-version')
export const hasEspeak = (): boolean => runs('espeak-ng', '--version')

/**
 * Decodes files by ffmpeg to raw samples of a type such as `s16le`. One process decodes all files, because starting it
 * takes longer than its work. Undefined if it fails for any file.
 */
export function ffmpegSamples(files: readonly { readonly file: string; readonly raw: string }[]): Buffer[] | undefined {
  const folder = temporaryFolder()
  const outputs = files.map((_, i) => path.join(folder, `${i}`))
  const decode = ({ raw }: { raw: string }, i: number) => [
    '-map',
    `${i}:a:0`,
    '-f',
    raw,
    '-c:a',
    `pcm_${raw}`,
    outputs[i],
  ]
  const args = ['-v', 'error', '-nostdin', ...files.flatMap(({ file }) => ['-i', file]), ...files.flatMap(decode)]
  return runs('ffmpeg', ...args) ? outputs.map((output) => readFileSync(output)) : undefined
}

/** Debian's Python, which has the NumPy and SciPy of Debian's packages, or else the first in PATH. */
export const python = runs('/usr/bin/python3', '--version') ? '/usr/bin/python3' : 'python3'
export const hasModule = (name: string): boolean => runs(python, '-c', `import ${name}`)

/** Runs a program that must succeed, and returns what it writes to stdout. */
export function outputOf(command: string, args: readonly string[], input?: string | Uint8Array): Buffer {
  const { status, stdout, stderr } = spawnSync(command, args, {
    maxBuffer: 2 ** 28,
    ...(input !== undefined && { input }),
  })
  expect(status, `${command}: ${stderr}`).toBe(0)
  return stdout
}

export const linesOfOutput = (command: string, args: readonly string[]): string[] =>
  outputOf(command, args).toString().trimEnd().split('\n')
