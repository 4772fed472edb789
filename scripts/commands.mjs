// Functions that run other programs, shared by the scripts.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The folder of the project, or of the installed package. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Runs a program in the project's folder and returns its stdout. If it fails, throws an Error with
 * all its output.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} options
 */
export function run(program, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd: root, ...options, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stdout + stderr}`)
  return stdout
}

/**
 * Runs a program in the project's folder, with its output on this terminal. Resolves to its exit
 * code, or to 1 if it does not start or is killed.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<number>}
 */
export function runInTerminal(program, args, options = {}) {
  const child = spawn(program, args, { cwd: root, stdio: 'inherit', ...options })
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`)
      resolve(1)
    })
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

/**
 * Whether a program can be run: whether `--version` succeeds.
 *
 * @param {string} program
 * @param {readonly string[]} flags
 */
export const canRun = (program, flags = []) => spawnSync(program, [...flags, '--version']).status === 0
