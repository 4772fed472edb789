/** Other programs that read audio, and Python with SciPy. */

import { spawnSync } from 'node:child_process'
import { expect } from 'vitest'

const runs = (command: string, ...args: string[]) => spawnSync(command, args).status === 0

export const hasSox = (): boolean => runs('sox', '--version') && runs('soxi', '-V0')
export const hasFfmpeg = (): boolean => runs('ffmpeg', '-version')

/** Debian's, which has NumPy and SciPy of Debian's packages, else the first of the path. */
export const python = runs('/usr/bin/python3', '--version') ? '/usr/bin/python3' : 'python3'
export const hasModule = (name: string): boolean => runs(python, '-c', `import ${name}`)

/** What a program writes to stdout; it must succeed. */
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
