/** Compiles the programs in C++ of bench/programs. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { missingCommand } from './commands.js'
import { programFile } from './paths.js'
import type { Scratch } from './scratch.js'
import type { Missing } from './workload.js'

/** Why programs in C++ cannot be compiled here; undefined if they can. */
export const missingCompiler = (): Promise<Missing | undefined> => missingCommand('c++', 'apt-get install g++')

/** Path of a compiled program. */
export const compiled = (scratch: Scratch, source: string): string => scratch.program(source.replace(/\.cc$/, ''))

/**
 * Compiles a program once for all workloads. Does nothing without a compiler, because the
 * contenders are then named as missing.
 *
 * @param source file in bench/programs, such as `file-calls.cc`
 * @throws Error with the compiler's words, if it fails
 */
export async function compile(scratch: Scratch, source: string): Promise<void> {
  const binary = compiled(scratch, source)
  if (existsSync(binary) || (await missingCompiler()) !== undefined) return
  const args = ['-O2', '-std=c++17', '-pthread', '-o', binary, programFile(source)]
  const { status, stderr } = spawnSync('c++', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${source} does not compile: ${stderr}`)
}
