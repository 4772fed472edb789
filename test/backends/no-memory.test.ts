/** If WebAssembly gets no memory, TypeScript computes the noise, and the pool reports it. */

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.js'
import { wasm } from '../support/kernels.js'
import { bin, start } from '../support/programs.js'
import { underLimit } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

const isLinux = process.platform === 'linux' && !process.env.NOISEMILL_SANITIZER

/** Node itself takes less than these kilobytes of addresses; a WebAssembly memory, with its guard pages, takes more. */
const LIMIT = 4_000_000
/** Room for the WebAssembly memories of some of six threads. */
const SOME = 34_000_000
/** So many that all threads get some. */
const FILES = 300

function add(limit: number, ...flags: string[]) {
  const folder = temporaryFolder()
  mkdirSync(path.join(folder, 'in'))
  for (let i = 0; i < FILES; i++) writeFileSync(path.join(folder, `in/${i}.wav`), pcm16())
  const args = ['add', 'in', '--out', 'out', '--sigma', '0.1', ...flags]
  return start(underLimit(`-v ${limit}`, [process.execPath, bin, ...args]), {
    cwd: folder,
    env: { NOISEMILL_WASM: '' },
  }).ended
}

describe.skipIf(!isLinux || !wasm)(
  'little memory for addresses (needs Linux, the WebAssembly kernels, and no sanitizer)',
  () => {
    test.each(['workers', 'inline'])('%s falls back to TypeScript, and says why', async (backend) => {
      const { code, stdout, stderr } = await add(LIMIT, '--backend', backend, '--jobs', '1')
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(/^300 done: .*no wasm kernel: .*memory/m)
    })

    test('the kernel that was asked for is an error, before anything is done', async () => {
      const { code, stderr } = await add(LIMIT, '--backend', 'workers', '--kernel', 'wasm')
      expect([code, stderr]).toEqual([2, expect.stringMatching(/--kernel: .*memory.*E_KERNEL_UNAVAILABLE/)])
    })

    const threads = ['--backend', 'workers', '--jobs', '6', '--chunk-size', '1']

    test('where it suffices for some threads alone, the others fall back, and that is said once', async () => {
      const { code, stdout, stderr } = await add(SOME, ...threads)
      expect(stderr.match(/TypeScript, because .*memory/gi)).toHaveLength(1)
      expect([code, stdout]).toEqual([0, expect.stringContaining('300 done: ')])
    })

    test('where it suffices for some threads alone, and the kernel was asked for, the others fail their files', async () => {
      const { code, stdout, stderr } = await add(SOME, ...threads, '--kernel', 'wasm')
      expect(stderr).toMatch(/memory.*E_KERNEL_UNAVAILABLE/)
      expect(stderr).not.toContain('E_WORKER_DIED')
      expect([code, stdout]).toEqual([1, expect.stringMatching(/\d+ failed/)])
    })
  },
)
