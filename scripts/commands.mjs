// Runs other programs: what the scripts share.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The project's folder, or the package's. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Runs a program in the project's folder and returns what it wrote to stdout. Throws an Error with all that it wrote if it fails.
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
 * Runs a program in the project's folder that writes to this terminal. Resolves to its exit code; 1 if it does not start, or is killed.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<number>}
 */
export function show(program, args, options = {}) {
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
 * Whether a program starts and knows its version.
 *
 * @param {string} program
 * @param {readonly string[]} flags
 */
export const isThere = (program, flags = []) => spawnSync(program, [...flags, '--version']).status === 0
