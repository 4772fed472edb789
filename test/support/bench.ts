/** Compiles the benchmark for tests that run it. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { root } from './folders.js'

const LOCK = path.join(tmpdir(), `noisemill-bench-compile-${process.ppid}`)
/** A lock of a process that died is older. */
const STALE_MILLISECONDS = 120_000

/**
 * Compiles bench to dist-bench. Test files run at the same time and need the same files, so the
 * others wait; TypeScript then writes nothing again that has not changed.
 */
export async function compileBench(): Promise<void> {
  while (!lock()) await setTimeout(100)
  try {
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
    const info = path.join(root, 'dist-bench/.tsbuildinfo')
    const args = [tsc, '--noCheck', '--incremental', '--tsBuildInfoFile', info, '-p', path.join(root, 'bench')]
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(stdout)
  } finally {
    rmSync(LOCK, { recursive: true, force: true })
  }
}

function lock(): boolean {
  try {
    mkdirSync(LOCK)
    return true
  } catch {
    try {
      if (Date.now() - statSync(LOCK).mtimeMs > STALE_MILLISECONDS) rmSync(LOCK, { recursive: true, force: true })
    } catch {
      // The other process has just ended.
    }
    return false
  }
}
