/**
 * One row of `--against`: work of noisemill that takes some milliseconds. For each line of stdin it
 * does the work once, and prints the time and the CPU time of all threads that this took, in
 * milliseconds. At the end of stdin it prints a digest of the last results.
 *
 *     node against.js files native|workers INPUTS OUT
 *     node against.js samples auto|ts
 *     node against.js items
 */

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { loadNoisemill } from './build.js'

const SAMPLES = { auto: 500_000, ts: 50_000 }
const ITEMS = 4000

interface Work {
  /** What is timed. */
  run(): Promise<unknown>
  /** What makes ready for the next time. */
  reset?(): void
  /** Digest of the last results. */
  digest(): string
}

const sha256 = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

const noisemill = await loadNoisemill()

function files(backend: 'native' | 'workers', inputs: string, out: string): Work {
  const pool = new noisemill.Pool({ backend })
  const target = path.join(out, 'noisy')
  return {
    run: async () => {
      for await (const result of noisemill.addNoiseToFiles(inputs, { out: target, sigma: 0.1, seed: 1, pool }))
        if (result.status !== 'done') throw new Error(`${result.input}: ${result.status}`)
    },
    reset: () => rmSync(target, { recursive: true, force: true }),
    digest: () =>
      sha256(
        ...readdirSync(target)
          .sort()
          .flatMap((name) => readWav(target, name)),
      ),
  }
}

const readWav = (folder: string, name: string): (string | Uint8Array)[] =>
  name.endsWith('.wav') ? [name, readFileSync(path.join(folder, name))] : []

function samples(kernel: keyof typeof SAMPLES): Work {
  // One thread, so that the figure is that of the kernel.
  const pool = kernel === 'auto' ? new noisemill.Pool({ size: 1 }) : new noisemill.Pool({ backend: 'inline', kernel })
  const clean = Float32Array.from({ length: SAMPLES[kernel] }, (_, n) => 0.5 * Math.sin(n / 10))
  let noisy = clean
  return {
    run: async () => {
      noisy = await noisemill.addNoise(clean, { sigma: 0.1, seed: 1, pool })
    },
    digest: () => sha256(new Uint8Array(noisy.buffer)),
  }
}

function poolOfItems(): Work {
  const pool = new noisemill.Pool({ backend: 'workers' })
  const task = noisemill.moduleTask<number, number>(new URL('./against-task.js', import.meta.url), 'increment')
  const items = Array.from({ length: ITEMS }, (_, i) => i)
  let results: number[] = []
  return {
    run: async () => {
      results = await pool.map(task, items)
    },
    digest: () => sha256(results.join()),
  }
}

const [what, how, inputs, out] = process.argv.slice(2)
const works: Readonly<Record<string, () => Work>> = {
  files: () => files(how as 'native' | 'workers', inputs, out),
  samples: () => samples(how as keyof typeof SAMPLES),
  items: poolOfItems,
}
const work = works[what]()

for await (const _ of createInterface({ input: process.stdin })) {
  work.reset?.()
  const [started, cpu] = [performance.now(), process.cpuUsage()]
  await work.run()
  const time = performance.now() - started
  const { user, system } = process.cpuUsage(cpu)
  console.log(time, (user + system) / 1000)
}
console.log(work.digest())
process.exit()
