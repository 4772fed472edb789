/** Compiles bench to dist-bench, for the tests that run its programs. */

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { root } from './folders.js'

export default function setup(): void {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  const info = path.join(root, 'dist-bench/.tsbuildinfo')
  // `npm run types` checks the types.
  const args = [tsc, '--noCheck', '--incremental', '--tsBuildInfoFile', info, '-p', path.join(root, 'bench')]
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stdout)
}
