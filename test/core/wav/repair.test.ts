/**
 * Headers with a wrong size of the data are repaired and reported, and the noise is that of the file with the right
 * header.
 */

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import wavefile from 'wavefile'
import { noiseTask, Pool } from '../../../dist/index.js'
import { describeBackends } from '../../support/backends.js'
import { temporaryFolder } from '../../support/folders.js'
import { hasSox, linesOfOutput } from '../../support/readers.js'
import { type Container, chunk, formats, sine, turned, type WavParts, wav } from '../../support/wav.js'

const [pcm8, pcm16, pcm24, , float32] = formats
const FRAMES = 4096 + 33 // a noise block, a step of its generator, and one more

interface Lie {
  readonly name: string
  readonly lying: Buffer
  /** The same samples in a file with true sizes. */
  readonly honest: Buffer
  readonly channels: number
  readonly frames: number
  readonly container: Container
  readonly warnings: readonly string[]
}

/** A file that holds `held` and claims what `lies` says. */
function lie(name: string, warning: string, parts: WavParts & { bits: number }, held: Buffer, lies: WavParts): Lie {
  const { channels = 1, bits } = parts
  const blockAlign = (channels * bits) / 8
  const frames = Math.floor(held.length / blockAlign)
  const padded = wav({ ...parts, data: held, ...lies })
  return {
    name,
    // No pad byte: the writer did not come so far.
    lying: padded.subarray(0, padded.length - (held.length % 2)),
    honest: wav({ ...parts, data: held.subarray(0, frames * blockAlign) }),
    channels,
    frames,
    container: parts.container ?? 'RIFF',
    warnings: held.length % blockAlign === 0 ? [warning] : [warning, 'W_PARTIAL_FRAME'],
  }
}

const unknown = (name: string, parts: WavParts & { bits: number }, held: Buffer, lies: WavParts) =>
  lie(name, 'W_SIZE_UNKNOWN', parts, held, lies)
const cut = (name: string, parts: WavParts & { bits: number }, held: Buffer, lies: WavParts) =>
  lie(name, 'W_DATA_CUT_SHORT', parts, held, lies)

const mono16 = sine(pcm16, FRAMES)
const stereo24 = sine(pcm24, FRAMES, 2)
const stereo = { ...pcm24, channels: 2 }
const three = { ...pcm8, channels: 3 }
const three8 = sine(pcm8, FRAMES, 3)
const before = [chunk('odd ', Buffer.from('abc')), chunk('fact', Buffer.alloc(4))]
const RIFX = { container: 'RIFX' } as const
const RF64 = { container: 'RF64' } as const
const table = [['abcd', 5n << 32n]] as const

const lies: readonly Lie[] = [
  unknown('streamed, as ffmpeg does it', pcm16, mono16, { dataSize: 0xffffffff, riffSize: 0xffffffff }),
  unknown('streamed, as SoX does it', pcm16, mono16, { dataSize: 0x7ffff000, riffSize: 0x7ffff024 }),
  unknown('streamed, as SoX does it with frames of 6 bytes', stereo, stereo24, {
    dataSize: 0x7fffeffc,
    riffSize: 0x7ffff044,
  }),
  unknown('never finished', pcm16, mono16, { dataSize: 0, riffSize: 0 }),
  unknown('never finished, but for a size at the start', pcm16, mono16, { dataSize: 0, riffSize: 0xffffffff }),
  unknown(
    'streamed EXTENSIBLE float after other chunks',
    { ...float32, extensible: true, before },
    sine(float32, FRAMES),
    {
      dataSize: 0xffffffff,
      riffSize: 0,
    },
  ),
  cut('the largest even size', pcm16, mono16, { dataSize: 0xfffffffe }),
  cut('1 byte past the end', pcm16, mono16, { dataSize: mono16.length + 1 }),
  cut('a megabyte past the end', pcm16, mono16, { dataSize: mono16.length + 2 ** 20 }),
  unknown('odd data without a pad byte', pcm8, sine(pcm8, FRAMES), { dataSize: 0xffffffff }),
  cut('nothing but the head of the data', pcm16, Buffer.alloc(0), { dataSize: 200 }),
  cut('less than a frame', stereo, stereo24.subarray(0, 5), { dataSize: 200 }),
  ...[1, 2, 3, 4, 5].map((missing) =>
    cut(
      `cut ${missing} bytes before the end of a frame of 6`,
      stereo,
      stereo24.subarray(0, stereo24.length - missing),
      {
        dataSize: stereo24.length,
      },
    ),
  ),
  cut('cut so that odd data remain, of odd frames', three, three8.subarray(0, -4), { dataSize: three8.length }),

  unknown('streamed RIFX', { ...pcm16, ...RIFX }, turned(mono16, 16), { dataSize: 0xffffffff, riffSize: 0xffffffff }),
  unknown('streamed RIFX, as SoX does it', { ...stereo, ...RIFX }, turned(stereo24, 24), { dataSize: 0x7ffff000 }),
  unknown('RIFX never finished', { ...pcm8, ...RIFX }, sine(pcm8, FRAMES), { dataSize: 0, riffSize: 0 }),
  cut('RIFX cut short', { ...stereo, ...RIFX }, turned(stereo24, 24).subarray(0, -4), { dataSize: stereo24.length }),

  unknown('streamed RF64, as ffmpeg does it', { ...pcm16, ...RF64 }, mono16, {
    longSizes: { riff: 0n, data: 0n, frames: 0n },
  }),
  unknown('RF64 never finished, with sizes in the old place', { ...pcm16, ...RF64 }, mono16, {
    dataSize: 0,
    riffSize: 0,
  }),
  unknown('streamed RF64, as SoX does RIFF', { ...pcm16, ...RF64 }, mono16, { dataSize: 0x7ffff000 }),
  cut('RF64 cut short', { ...pcm16, ...RF64, longSizes: { table } }, mono16, { longSizes: { data: 5n << 32n, table } }),
  cut('RF64 cut short, by its old field', { ...stereo, ...RF64 }, stereo24.subarray(0, -1), {
    dataSize: stereo24.length,
  }),
  cut('BW64 cut short', { ...pcm8, container: 'BW64' }, sine(pcm8, FRAMES), { longSizes: { data: 2n ** 53n - 1n } }),
]

interface Read {
  readonly chunkSize: number
  readonly fmt: { readonly blockAlign: number }
  readonly data: { readonly chunkSize: number; readonly samples: Uint8Array }
  readonly ds64: Readonly<Record<'riffSizeLow' | 'riffSizeHigh' | 'dataSizeLow' | 'dataSizeHigh', number>>
}

const uint32At = (bytes: Buffer, at: number) => bytes.readUInt32LE(at)

describeBackends('sizes that lie', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  for (const level of [{ sigma: 0 }, { sigma: 0.05 }, { snr: 20 }]) {
    test(`are repaired, and all else is as of the honest file, at ${JSON.stringify(level)}`, async () => {
      const folder = temporaryFolder()
      const pathOf = (group: string, name: string) => path.join(folder, group, `${name}.wav`)
      for (const group of ['lying', 'honest'] as const) {
        mkdirSync(path.join(folder, group))
        for (const one of lies) writeFileSync(pathOf(group, one.name), one[group])
      }
      // Items with the same key have the same noise.
      const items = (group: string) =>
        lies.map(({ name }) => ({
          input: pathOf(group, name),
          key: name,
          output: path.join(folder, 'out', group, `${name}.wav`),
        }))
      const repaired = await pool.map(noiseTask(level), items('lying'))
      const honest = await pool.map(noiseTask(level), items('honest'))
      lies.forEach((one, i) => {
        const { name, channels, frames, warnings, lying } = one
        const output = readFileSync(repaired[i].output)
        const empty = frames === 0 ? ['W_EMPTY'] : []
        const expected = { status: 'done', frames, channels, bytesIn: lying.length, bytesOut: output.length }
        expect(repaired[i], name).toMatchObject({ ...expected, warnings: [...warnings, ...empty] })
        expect(honest[i], name).toMatchObject({ status: 'done', frames, warnings: empty })
        expect(repaired[i].snr, name).toBe(honest[i].snr)
        expect(output.equals(readFileSync(honest[i].output)), name).toBe(true)
        if ('sigma' in level && level.sigma === 0) expect(output.equals(one.honest), name).toBe(true)
      })
    })
  }

  /** Those that have frames at all, since other readers want some. */
  async function repair() {
    // BW64 is beyond them; it is as RF64 but for its name.
    const some = lies.filter(({ frames, container }) => frames > 0 && container !== 'BW64')
    const folder = temporaryFolder()
    const inputs = some.map(({ name }) => path.join(folder, `${name}.wav`))
    some.forEach(({ lying }, i) => {
      writeFileSync(inputs[i], lying)
    })
    const results = await pool.map(noiseTask({ out: path.join(folder, 'out'), sigma: 0.05 }), inputs)
    return { some, outputs: results.map(({ output }) => output) }
  }

  test('are true in the output, as wavefile reads it', async () => {
    const { some, outputs } = await repair()
    some.forEach(({ name, frames, container }, i) => {
      const output = readFileSync(outputs[i])
      const { chunkSize, fmt, data, ds64 } = new wavefile.WaveFile(output) as unknown as Read
      if (container === 'RF64') {
        expect([chunkSize, data.chunkSize], name).toEqual([0xffffffff, 0xffffffff])
        // It calls the first word of two High; it is the low one.
        expect([ds64.riffSizeHigh, ds64.riffSizeLow], name).toEqual([output.length - 8, 0])
        expect([ds64.dataSizeHigh, ds64.dataSizeLow], name).toEqual([frames * fmt.blockAlign, 0])
        return
      }
      expect(chunkSize, name).toBe(output.length - 8)
      expect(output.length % 2, name).toBe(0)
      expect(data.chunkSize, name).toBe(frames * fmt.blockAlign)
      // It takes a pad byte for a sample.
      expect(data.samples.length, name).toBe(data.chunkSize + (data.chunkSize % 2))
    })
  })

  test.skipIf(!hasSox())('are true in the output, as SoX counts it (needs SoX)', async () => {
    const { some, outputs } = await repair()
    const counted = linesOfOutput('soxi', ['-V0', '-s', ...outputs])
    expect(counted.map(Number)).toEqual(some.map(({ frames }) => frames))
  })

  test('only the size of the RIFF: nobody reads by it, so the file is left as it is', async () => {
    const folder = temporaryFolder()
    const sizes = [0, 0xffffffff, 5, 1_000_000]
    const inputs = sizes.map((size) => path.join(folder, `${size}.wav`))
    sizes.forEach((riffSize, i) => {
      writeFileSync(inputs[i], wav({ data: mono16, riffSize }))
    })
    const results = await pool.map(noiseTask({ out: path.join(folder, 'out'), sigma: 0.1 }), inputs)
    results.forEach((result, i) => {
      expect(result).toMatchObject({ status: 'done', frames: FRAMES, warnings: [] })
      expect(uint32At(readFileSync(result.output), 4)).toBe(sizes[i])
    })
  })

  test('an honest size that is no multiple of a frame: the rest of the frame and the chunks after it stay', async () => {
    const file = path.join(temporaryFolder(), 'a.wav')
    const parts = { ...pcm24, channels: 2, after: [chunk('LIST', Buffer.from('INFOodd'))] }
    const held = stereo24.subarray(0, stereo24.length - 1) // odd, so that a pad byte follows
    const bytes = wav({ ...parts, data: held })
    writeFileSync(file, bytes)
    for (const sigma of [0, 0.05]) {
      const out = path.join(path.dirname(file), `out-${sigma}`)
      const [result] = await pool.map(noiseTask({ out, sigma }), [file])
      expect(result).toMatchObject({ status: 'done', frames: FRAMES - 1, warnings: ['W_PARTIAL_FRAME'] })
      const output = readFileSync(result.output)
      const frame = 44 + (FRAMES - 2) * 6 // where the last whole one starts
      expect(output.length).toBe(bytes.length)
      expect(output.subarray(0, 44).equals(bytes.subarray(0, 44))).toBe(true)
      expect(output.subarray(frame + 6).equals(bytes.subarray(frame + 6))).toBe(true)
      expect(output.subarray(frame, frame + 6).equals(bytes.subarray(frame, frame + 6))).toBe(sigma === 0)
    }
  })

  test('a stream of RIFX cannot grow beyond 4 GiB, and that is told before anything is written', async () => {
    const folder = temporaryFolder()
    const head = wav({ ...pcm16, ...RIFX, dataSize: 0xffffffff })
    const lengths = [0xfffffffe - 36, 0xfffffffe - 34]
    const inputs = lengths.map((held) => {
      const file = path.join(folder, `${held}.wav`)
      writeFileSync(file, head)
      truncateSync(file, 44 + held)
      return file
    })
    const out = path.join(folder, 'out')
    for (const dryRun of [true, false]) {
      // The first of them would be written.
      const some = dryRun ? inputs : inputs.slice(1)
      const results = await pool.map(noiseTask({ out, sigma: 0.1, dryRun }), some)
      if (dryRun) expect(results[0]).toMatchObject({ status: 'planned', frames: lengths[0] / 2 })
      expect(results.at(-1)?.error).toMatchObject({ code: 'E_WAV_TOO_LONG', received: '4294967304 bytes of RIFX' })
    }
    expect(existsSync(out)).toBe(false)
  })

  test('data behind a chunk of 5 GiB are found, whose size stands in the table of ds64', async () => {
    const file = path.join(temporaryFolder(), 'a.wav')
    const long = 5 * 2 ** 30
    const parts = { ...pcm16, ...RF64, data: mono16 }
    const bytes = wav({
      ...parts,
      before: [chunk('abcd', Buffer.alloc(0), 0xffffffff)],
      longSizes: { table: [['abcd', BigInt(long)]] },
    })
    const at = bytes.indexOf('data')
    const fd = openSync(file, 'w')
    writeSync(fd, bytes, 0, at, 0)
    writeSync(fd, bytes, at, bytes.length - at, at + long)
    closeSync(fd)
    const [result] = await pool.map(noiseTask({ out: 'unused', sigma: 0.1, dryRun: true }), [file])
    expect(result).toMatchObject({ status: 'planned', frames: FRAMES, bytesIn: bytes.length + long, warnings: [] })
  })

  test('sizes and positions beyond 32 bits are counted right', async () => {
    const folder = temporaryFolder()
    const head = wav({ ...pcm16, channels: 2 }).subarray(0, 44)
    // Sparse files: a dry run reads no more than their heads.
    const cases = [
      { claimed: 0xffffffff, held: 6e9, frames: 1.5e9, warnings: ['W_SIZE_UNKNOWN'] },
      { claimed: 0x7ffff000, held: 6e9, frames: 1.5e9, warnings: ['W_SIZE_UNKNOWN'] },
      { claimed: 0x7fffeffc, held: 6e9, frames: 0x7fffeffc / 4, warnings: ['W_TRAILING_BYTES'] },
      { claimed: 0x7ffff000, held: 0x7ffff000, frames: 0x7ffff000 / 4, warnings: [] },
      { claimed: 0xfffffffc, held: 6e9, frames: 0xfffffffc / 4, warnings: ['W_TRAILING_BYTES'] },
    ]
    const inputs = cases.map(({ claimed, held }, i) => {
      const file = path.join(folder, `${i}.wav`)
      const fd = openSync(file, 'w')
      writeSync(fd, head)
      head.writeUInt32LE(claimed, 40)
      writeSync(fd, head, 0, 44, 0)
      closeSync(fd)
      truncateSync(file, 44 + held)
      return file
    })
    const results = await pool.map(noiseTask({ out: path.join(folder, 'out'), sigma: 0.1, dryRun: true }), inputs)
    cases.forEach(({ held, frames, warnings }, i) => {
      expect(results[i]).toMatchObject({ status: 'planned', frames, bytesIn: 44 + held, warnings })
    })
  })
})
