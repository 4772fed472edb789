/** Files of more than 4 GiB: sizes, samples beyond 4 GiB, and memory. Inputs are sparse, outputs are not. */

import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openWalk } from '../../dist-lib/core/transform.js'
import { sampleFormats } from '../../dist-lib/core/wav/samples.js'
import { fileKey } from '../../dist-lib/plan/keys.js'
import { temporaryFolder } from '../support/folders.js'
import { noiseFor, writingPass } from '../support/jobs.js'
import { jsKernel } from '../support/kernels.js'
import { formats, type WavParts, wav } from '../support/wav.js'

const GIB = 2 ** 30
const [pcm8, pcm16] = formats
const hasSox = spawnSync('soxi', ['-V0']).status === 0

const ways = [
  { backend: 'native', kernel: 'auto' },
  { backend: 'workers', kernel: jsKernel },
] as const

/** A file of a head and zeros. */
function sparse(file: string, head: Uint8Array, size: number): void {
  const fd = openSync(file, 'w')
  writeSync(fd, head)
  closeSync(fd)
  truncateSync(file, size)
}

function bytesOf(file: string, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  const fd = openSync(file, 'r')
  expect(readSync(fd, bytes, 0, length, position)).toBe(length)
  closeSync(fd)
  return bytes
}

/** One file through a process of its own. Resolves to its result, and the most memory that the process had, in MB. */
function run(way: (typeof ways)[number], input: string, output: string, sigma: number) {
  const program = `
    import { noiseTask, Pool } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
    const pool = new Pool({ size: 2, backend: '${way.backend}', kernel: '${way.kernel}' })
    const item = { input: ${JSON.stringify(input)}, key: 'a', output: ${JSON.stringify(output)} }
    const started = performance.now()
    const [result] = await pool.map(noiseTask({ sigma: ${sigma}, seed: 1 }), [item])
    const seconds = (performance.now() - started) / 1000
    await pool.close()
    console.log(JSON.stringify({ result, seconds, memory: process.resourceUsage().maxRSS / 1024 }))`
  const kernel = way.backend === 'native' ? program.replace(", kernel: 'auto'", '') : program
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', kernel], { encoding: 'utf8' })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

/** What noise on silence of 16 bits is, from a frame on that begins a block. */
function noiseFrom(frame: number, count: number, frames: number, channels: number, sigma: number): Buffer {
  const format = sampleFormats.find(({ name }) => name === 'pcm16')!
  const layout = { format, channels, sampleRate: 0, blockAlign: 2 * channels, frames, bigEndian: false, validBits: 16 }
  const noise = noiseFor({ key: fileKey(1, 'a', 1), level: sigma })
  const bytes = Buffer.from(new ArrayBuffer(count * layout.blockAlign))
  openWalk(layout, frame, noise, writingPass(sigma)).run(bytes)
  return bytes
}

const countedBySox = (file: string) => Number(spawnSync('soxi', ['-V0', '-s', file], { encoding: 'utf8' }).stdout)

describe.each(ways)('$backend', (way) => {
  /** The same on a file of 16 MiB, so that all that is loaded once is. */
  function memoryOfShort(folder: string): number {
    const input = path.join(folder, 'short.wav')
    const bytes = 16 * 2 ** 20
    sparse(input, wav({ ...pcm16, channels: 2, dataSize: bytes }).subarray(0, 44), 44 + bytes)
    return run(way, input, path.join(folder, 'short.out.wav'), 0.1).memory
  }

  function done(name: string, folder: string, { seconds, memory }: { seconds: number; memory: number }): void {
    const short = memoryOfShort(folder)
    console.log(
      `${way.backend}, ${name}: ${seconds.toFixed(1)} s, ${memory.toFixed(0)} MB, short ${short.toFixed(0)} MB`,
    )
    expect(memory - short).toBeLessThan(25)
  }

  test('RF64 of 5 GiB', () => {
    const folder = temporaryFolder()
    const [input, output] = ['in.wav', 'out.wav'].map((name) => path.join(folder, name))
    const dataBytes = 5 * GIB
    const frames = dataBytes / 4
    const parts: WavParts = { ...pcm16, channels: 2, container: 'RF64' }
    const sizes = { riff: BigInt(80 - 8 + dataBytes), data: BigInt(dataBytes), frames: BigInt(frames) }
    const head = wav({ ...parts, longSizes: sizes })
    expect(head.length).toBe(80)
    sparse(input, head, 80 + dataBytes)
    const ran = run(way, input, output, 0.1)
    expect(ran.result).toMatchObject({ status: 'done', frames, bytesOut: 80 + dataBytes, warnings: [] })
    expect(statSync(output).size).toBe(80 + dataBytes)
    expect(bytesOf(output, 0, 80).equals(head)).toBe(true)
    // Around 4 GiB, and at the end: the frame is the first of a block.
    for (const frame of [0, 2 ** 30 - 4096, 2 ** 30, frames - 8192]) {
      const data = bytesOf(output, 80 + 4 * frame, 4 * 8192)
      expect(data.equals(noiseFrom(frame, 8192, frames, 2, 0.1)), `frame ${frame}`).toBe(true)
    }
    if (hasSox) expect(countedBySox(output)).toBe(frames)
    done('RF64 of 5 GiB', folder, ran)
  })

  test('a streamed RIFF of more than 4 GiB becomes RF64', () => {
    const folder = temporaryFolder()
    const [input, output] = ['in.wav', 'out.wav'].map((name) => path.join(folder, name))
    const dataBytes = 4 * GIB + 4 * 5000 + 2 // half a frame at its end
    const frames = Math.floor(dataBytes / 4)
    const head = wav({ ...pcm16, channels: 2, dataSize: 0xffffffff, riffSize: 0xffffffff })
    sparse(input, head, 44 + dataBytes)
    const ran = run(way, input, output, 0.1)
    const warnings = ['W_SIZE_UNKNOWN', 'W_PARTIAL_FRAME']
    expect(ran.result).toMatchObject({ status: 'done', frames, bytesOut: 80 + 4 * frames, warnings })
    expect(statSync(output).size).toBe(80 + 4 * frames)
    const longSizes = { riff: BigInt(80 - 8 + 4 * frames), data: BigInt(4 * frames), frames: BigInt(frames) }
    const grown = wav({ ...pcm16, channels: 2, container: 'RF64', longSizes })
    expect(bytesOf(output, 0, 80).equals(grown)).toBe(true)
    for (const frame of [0, 2 ** 30 - 4096]) {
      const data = bytesOf(output, 80 + 4 * frame, 4 * 4096)
      expect(data.equals(noiseFrom(frame, 4096, frames, 2, 0.1)), `frame ${frame}`).toBe(true)
    }
    const rest = noiseFrom(2 ** 30, 5000, frames, 2, 0.1)
    expect(bytesOf(output, 80 + 4 * 2 ** 30, 4 * 5000).equals(rest)).toBe(true)
    if (hasSox) expect(countedBySox(output)).toBe(frames)
    done('a streamed RIFF of 4 GiB', folder, ran)
  })

  // What RIFF can say of its own size is 0xFFFFFFFE at most: the last that fits, and, with its pad byte, the first that
  // does not.
  test.each([
    [0xfffffffe - 36, 'RIFF'],
    [0xfffffffe - 36 + 1, 'RF64'],
  ] as const)('streamed data of %d bytes leave as %s', (dataBytes, container) => {
    const folder = temporaryFolder()
    const [input, output] = ['in.wav', 'out.wav'].map((name) => path.join(folder, name))
    sparse(input, wav({ ...pcm8, dataSize: 0xffffffff }), 44 + dataBytes)
    const { result } = run(way, input, output, 0)
    rmSync(input)
    const size = 44 + dataBytes + (dataBytes % 2) + (container === 'RF64' ? 36 : 0)
    expect(result).toMatchObject({ status: 'done', frames: dataBytes, bytesOut: size, warnings: ['W_SIZE_UNKNOWN'] })
    expect(statSync(output).size).toBe(size)
    const sizes = { riff: BigInt(size - 8), data: BigInt(dataBytes), frames: BigInt(dataBytes) }
    const expected =
      container === 'RIFF'
        ? wav({ ...pcm8, dataSize: dataBytes, riffSize: size - 8 })
        : wav({ ...pcm8, container, longSizes: sizes })
    expect(bytesOf(output, 0, expected.length).equals(expected)).toBe(true)
  })
})
