/** Where the system gives WebAssembly no memory, noise is made in TypeScript, and that is said. */

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.js'
import { wasm } from '../support/kernels.js'
import { bin } from '../support/programs.js'
import { pcm16 } from '../support/wav.js'

const isLinux = process.platform === 'linux' && !process.env.NOISEMILL_SANITIZER

/** Node itself takes less than these kilobytes of addresses; a WebAssembly memory, with its guard pages, takes more. */
const LIMIT = 4_000_000

function add(...flags: string[]) {
  const folder = temporaryFolder()
  writeFileSync(path.join(folder, 'a.wav'), pcm16())
  const command = `ulimit -v ${LIMIT} && exec "$0" "$@"`
  const args = [bin, 'add', 'a.wav', '--out', 'out', '--sigma', '0.1', ...flags]
  const env = { ...process.env, NOISEMILL_WASM: '' }
  return spawnSync('/bin/sh', ['-c', command, process.execPath, ...args], { cwd: folder, encoding: 'utf8', env })
}

describe.skipIf(!isLinux || !wasm)(
  'little memory for addresses (needs Linux, the WebAssembly kernels, and no sanitizer)',
  () => {
    test.each(['workers', 'inline'])('%s falls back to TypeScript, and says why', (backend) => {
      const { status, stdout, stderr } = add('--backend', backend, '--jobs', '1')
      expect([status, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(/^1 done: .*no wasm kernel: .*memory/m)
    })

    test('the kernel that was asked for is an error, before anything is done', () => {
      const { status, stderr } = add('--backend', 'workers', '--kernel', 'wasm')
      expect([status, stderr]).toEqual([2, expect.stringMatching(/--kernel: .*memory.*E_KERNEL_UNAVAILABLE/)])
    })
  },
)
