import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { Pool } from '../../dist/index.js'
import { jsKernel } from '../support/kernels.js'
import { linesOf, noisemill } from '../support/programs.js'

const fallback = { env: { NOISEMILL_NATIVE: 'off' } }

/** Rows of `name  value`, as `info` prints them. */
const rowsOf = (stdout: string) => linesOf(stdout).map((line) => /^(\S+) {2,}(.*)$/.exec(line)?.slice(1))

/** What `info` is to say here, from elsewhere. */
function expected(): Record<string, string | number | null> {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const { backend, reason, remedy, binary, kernel, instructionSet, size, cpuQuota } = new Pool().info
  return {
    version: manifest.version,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpus: Math.max(1, Math.min(availableParallelism(), Math.floor(cpuQuota ?? Number.POSITIVE_INFINITY))),
    cpuQuota,
    backend,
    reason,
    remedy,
    binary,
    kernel,
    instructionSet,
    size,
    threads: size,
    // Of the four threads that Node's libuv has by default, two are left to others.
    libuvThreads: backend === 'native' ? Math.min(2, size) : 0,
  }
}

test('info --json tells of this package, this machine and the pool that is used by default', async () => {
  const { code, stdout, stderr } = await noisemill(['info', '--json'])
  expect([code, stderr, linesOf(stdout).length]).toEqual([0, '', 1])
  expect(JSON.parse(stdout)).toEqual(expected())
})

test('info tells the same in rows', async () => {
  const { code, stdout, stderr } = await noisemill(['info'])
  expect([code, stderr]).toEqual([0, ''])
  const rows = rowsOf(stdout)
  const { libuvThreads, ...steady } = expected()
  expect(rows.slice(0, -1)).toEqual(Object.entries(steady).map(([name, value]) => [name, String(value ?? 'none')]))
  // Each process measures libuv's pool anew, and on a busy machine its threads may come too late to be counted.
  expect(rows.at(-1)).toEqual(['libuvThreads', expect.stringMatching(libuvThreads === 0 ? /^0$/ : /^\d+$/)])
})

test('without the addon, info shows the backend that is used instead, and why', async () => {
  const { code, stdout, stderr } = await noisemill(['info', '--json'], fallback)
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toMatchObject({ backend: 'workers', kernel: jsKernel, instructionSet: null })
  expect(JSON.parse(stdout).reason).toContain('NOISEMILL_NATIVE is off')
  expect((await noisemill(['info'], fallback)).stdout).toMatch(/^instructionSet +none$/m)
})

test.each([
  ['1', 0],
  ['0', 0], // libuv makes it 1
  ['many', 0], // and so this
  ['3', 1],
  ['1024', 1022],
])(
  'two threads of the libuv pool are left to others, whatever its size: UV_THREADPOOL_SIZE=%s',
  async (given, most) => {
    const { stdout } = await noisemill(['info', '--json'], { env: { UV_THREADPOOL_SIZE: given } })
    const { backend, size, threads, libuvThreads } = JSON.parse(stdout)
    expect(threads).toBe(size)
    expect(libuvThreads).toBe(backend === 'native' ? Math.min(most, size) : 0)
  },
)
