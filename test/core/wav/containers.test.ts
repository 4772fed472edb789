/**
 * RIFX, RF64 and BW64, and samples with fewer valid bits than their container: which bytes change, and how other
 * readers read the outputs.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import wavefile from 'wavefile'
import { type NoiseOptions, noiseTask, Pool } from '../../../dist/index.js'
import { describeBackends } from '../../support/backends.js'
import { newFolder, removeFolder, sha256, temporaryFolder } from '../../support/folders.js'
import { ffmpegSamples, hasFfmpeg, hasModule, hasSox, linesOfOutput, outputOf, python } from '../../support/readers.js'
import { type Container, chunk, formats, sine, turned, type WavParts, wav } from '../../support/wav.js'

type Format = (typeof formats)[number]

const RATE = 22050
const FRAMES = 4096 + 32 + 5 // a noise block, a step of its generator, and a ragged end
const list = Buffer.from('INFOISFT\x04\0\0\0made')
const junk = Buffer.from('\x01\x02j')

interface Sample {
  readonly name: string
  readonly container: Container
  readonly format: Format
  readonly channels: number
  readonly extensible: boolean
  readonly bytes: Buffer
  /** The same samples in a RIFF. */
  readonly plain: Buffer
  /** Where the data are in `bytes`, and in `plain`. */
  readonly start: number
  readonly plainStart: number
  readonly dataBytes: number
}

function sampleOf(container: Container, format: Format, channels: number, more: WavParts = {}): Sample {
  const { extensible = false } = more
  const data = sine(format, FRAMES, channels)
  const isLong = container === 'RF64' || container === 'BW64'
  const parts = {
    ...format,
    channels,
    sampleRate: RATE,
    ...more,
    after: [chunk('iXML', Buffer.from('<a/>!'), undefined, container)],
  }
  const before = [chunk('LIST', list, undefined, container)]
  const bytes = wav({
    ...parts,
    container,
    before,
    data: container === 'RIFX' ? turned(data, format.bits) : data,
  })
  const formatBytes = 8 + (extensible ? 40 : 16)
  const start = 12 + (isLong ? 8 + 28 : 0) + formatBytes + before[0].length + 8
  return {
    name: `${container}-${format.name}-${channels}${extensible ? '-extensible' : ''}.wav`,
    container,
    format,
    channels,
    extensible,
    bytes: Buffer.concat([bytes, junk]),
    plain: wav({ ...parts, after: [], data }),
    start,
    plainStart: 12 + formatBytes + 8,
    dataBytes: data.length,
  }
}

const samples = (['RIFX', 'RF64', 'BW64'] as const).flatMap((container) =>
  formats.flatMap((format) =>
    [1, 3].flatMap((channels) => [
      sampleOf(container, format, channels),
      sampleOf(container, format, channels, { extensible: true }),
    ]),
  ),
)

interface ValidBits {
  readonly name: string
  readonly format: Format
  readonly valid: number
  readonly bytes: Buffer
}

const validBits: readonly ValidBits[] = (['RIFF', 'RIFX', 'RF64'] as const).flatMap((container) =>
  [
    [8, 5],
    [16, 12],
    [24, 20],
    [32, 24],
    [32, 20],
  ].flatMap(([bits, valid]): ValidBits[] => {
    const format = formats.find((known) => known.name === `pcm${bits}`)!
    const original = sine(format, FRAMES, 2)
    const data = container === 'RIFX' ? turned(original, bits) : original
    const parts = { container, channels: 2, data, sampleRate: RATE }
    const name = `${container}-${bits}-${valid}`
    const extensible = wav({ ...parts, bits, validBits: valid, extensible: true })
    const plain = { name: `${name}.wav`, format, valid, bytes: wav({ ...parts, bits: valid }) }
    return [
      { name: `${name}-extensible.wav`, format, valid, bytes: extensible },
      ...(Math.ceil(valid / 8) * 8 === bits ? [plain] : []),
    ]
  }),
)

/** Of each file the SHA-256 of the samples that SciPy reads, in their own width and little-endian. */
const scipyReader = `
import hashlib, json, sys, warnings
from scipy.io import wavfile
warnings.simplefilter('ignore')
for name in sys.argv[1:]:
    rate, data = wavfile.read(name)
    packed = data.astype(data.dtype.newbyteorder('<')).tobytes()
    if 'pcm24' in name:  # comes in the upper 24 of 32 bits
        packed = b''.join(packed[at + 1 : at + 4] for at in range(0, len(packed), 4))
    print(hashlib.sha256(packed).hexdigest())
`

const rawNames = { pcm8: 'u8', pcm16: 's16le', pcm24: 's24le', pcm32: 's32le', float32: 'f32le', float64: 'f64le' }

describeBackends('containers', (backend) => {
  let pool: Pool
  let folder: string
  let noisy: Awaited<ReturnType<typeof run>>
  /** What the data of each output ought to be: those of its RIFF. */
  let expected: Buffer[]
  beforeAll(async () => {
    pool = new Pool({ backend, size: 2 })
    folder = newFolder()
    noisy = await run(samples, { sigma: 0.05 }, folder)
    const plain = samples.map(({ name, plain }) => ({ name: `plain-${name}`, bytes: plain, key: name }))
    const { outputs } = await run(plain, { sigma: 0.05 }, folder)
    expected = outputs.map((output, i) => {
      const { plainStart, dataBytes } = samples[i]
      return output.subarray(plainStart, plainStart + dataBytes)
    })
  })
  afterAll(async () => {
    removeFolder(folder)
    await pool.close()
  })

  interface Given {
    readonly name: string
    readonly bytes: Buffer
    readonly key?: string
  }

  async function run(files: readonly Given[], options: NoiseOptions, folder = temporaryFolder()) {
    const items = files.map(({ name, bytes, key = name }) => {
      const input = path.join(folder, name)
      writeFileSync(input, bytes)
      return { input, key, output: path.join(folder, 'out', name) }
    })
    const results = await pool.map(noiseTask({ seed: 1, ...options }), items)
    for (const { error } of results) expect(error).toBeUndefined()
    return { results, outputs: results.map(({ output }) => readFileSync(output)) }
  }

  test('sigma 0 gives the input byte for byte', async () => {
    const all = [...samples, ...validBits]
    const { results, outputs } = await run(all, { sigma: 0 })
    all.forEach(({ name, bytes }, i) => {
      expect(results[i], name).toMatchObject({ status: 'done', clipped: 0, warnings: [], bytesOut: bytes.length })
      expect(outputs[i].equals(bytes), name).toBe(true)
    })
  })

  test('noise changes the samples as in a RIFF, and no other byte', () => {
    const { results, outputs } = noisy
    samples.forEach(({ name, container, format, channels, bytes, start, dataBytes }, i) => {
      const told = { format: format.name, channels, frames: FRAMES, sampleRate: RATE, warnings: [] }
      expect(results[i], name).toMatchObject({ status: 'done', bytesOut: bytes.length, ...told })
      const output = outputs[i]
      expect(output.length, name).toBe(bytes.length)
      expect(output.subarray(0, start).equals(bytes.subarray(0, start)), name).toBe(true)
      expect(output.subarray(start + dataBytes).equals(bytes.subarray(start + dataBytes)), name).toBe(true)
      const data = output.subarray(start, start + dataBytes)
      expect((container === 'RIFX' ? turned(data, format.bits) : data).equals(expected[i]), name).toBe(true)
    })
  })

  test('an SNR is that of the RIFF', async () => {
    const { results } = await run(samples, { snr: 10 })
    const plain = await run(
      samples.map(({ name, plain }) => ({ name, bytes: plain })),
      { snr: 10 },
    )
    results.forEach(({ sigma, snr, clipped }, i) => {
      const { sigma: plainSigma, snr: plainSnr, clipped: plainClipped } = plain.results[i]
      expect({ sigma, snr, clipped }, samples[i].name).toEqual({
        sigma: plainSigma,
        snr: plainSnr,
        clipped: plainClipped,
      })
    })
  })

  test('chunks whose sizes stand in the table of ds64 are passed over, the first of a name as it says', async () => {
    const long = (id: string, bytes: number) => chunk(id, Buffer.alloc(bytes, 'x'), 0xffffffff)
    const data = sine(formats[1], FRAMES)
    const table = [
      ['abcd', 21n],
      ['LIST', 0n],
      ['abcd', 4n],
    ] as const
    const before = [long('abcd', 21), chunk('LIST', list), long('abcd', 21), long('LIST', 0)]
    const files = (['RF64', 'BW64'] as const).map((container) => {
      const bytes = wav({ container, data, before, longSizes: { table } })
      return { name: `${container}.wav`, bytes, key: 'a' }
    })
    const plain = await run([{ name: 'a', bytes: wav({ data }) }], { sigma: 0.05 })
    const { outputs } = await run(files, { sigma: 0.05 })
    outputs.forEach((output, i) => {
      const { name, bytes } = files[i]
      const start = bytes.length - data.length
      expect(output.subarray(0, start).equals(bytes.subarray(0, start)), name).toBe(true)
      expect(output.subarray(start).equals(plain.outputs[0].subarray(44)), name).toBe(true)
    })
  })

  test('wavefile reads the samples of RIFX and RF64', () => {
    samples.forEach(({ name, container, format, extensible, bytes, plain }, i) => {
      // BW64 it does not know, and EXTENSIBLE float32 it takes for integers.
      if (container === 'BW64' || extensible) return
      const output = noisy.outputs[i]
      const read = new wavefile.WaveFile(output) as unknown as { fmt: { bitsPerSample: number } }
      expect(read.fmt.bitsPerSample, name).toBe(format.bits)
      const ofRiff = new wavefile.WaveFile(Buffer.concat([plain.subarray(0, 44), expected[i]]))
      const values = ofRiff.getSamples(true, Float64Array) as unknown as Float64Array
      const ours = new wavefile.WaveFile(output).getSamples(true, Float64Array) as unknown as Float64Array
      // It counts the pad byte of odd data as a sample.
      const count = Math.floor(expected[i].length / (format.bits / 8))
      expect(Buffer.from(ours.slice(0, count).buffer).equals(Buffer.from(values.slice(0, count).buffer)), name).toBe(
        true,
      )
      expect(output.equals(bytes), name).toBe(false)
    })
  })

  test.skipIf(!hasModule('scipy'))('SciPy reads the samples of RIFX (needs SciPy)', () => {
    // RF64 only from version 1.12 on.
    const known = samples.flatMap(({ container }, i) => (container === 'RIFX' ? [i] : []))
    const lines = linesOfOutput(python, ['-c', scipyReader, ...known.map((i) => noisy.results[i].output)])
    expect(lines).toEqual(known.map((i) => sha256(expected[i])))
  })

  test.skipIf(!hasSox())('SoX reads the samples of RIFX and RF64 (needs SoX)', () => {
    samples.forEach(({ name, container, format, extensible }, i) => {
      // It holds samples in 32-bit integers, so floats do not come out of it as they were; EXTENSIBLE of RIFX it
      // refuses.
      if (container === 'BW64' || format.tag === 3 || (container === 'RIFX' && extensible)) return
      const raw = outputOf('sox', ['-V1', '-D', noisy.results[i].output, '-L', '-t', 'raw', '-'])
      expect(raw.equals(expected[i]), name).toBe(true)
    })
  })

  test.skipIf(!hasFfmpeg())('ffmpeg reads the samples of RF64 and BW64 (needs ffmpeg)', () => {
    // Samples of RIFX it takes for little-endian.
    const known = samples.flatMap(({ container }, i) => (container === 'RIFX' ? [] : [i]))
    const decoded = ffmpegSamples(
      known.map((i) => ({ file: noisy.results[i].output, raw: rawNames[samples[i].format.name] })),
    )
    known.forEach((i, at) => {
      expect(decoded?.[at].equals(expected[i]), samples[i].name).toBe(true)
    })
  })

  test('the output has no more valid bits than the input', async () => {
    const { results, outputs } = await run(validBits, { sigma: 0.05 })
    validBits.forEach(({ name, format, valid, bytes }, i) => {
      expect(results[i], name).toMatchObject({ format: format.name, frames: FRAMES, channels: 2, warnings: [] })
      const { length } = sine(format, FRAMES, 2)
      const width = format.bits / 8
      const valuesOf = (file: Buffer) => {
        const data = file.subarray(file.length - length)
        const little = name.startsWith('RIFX') ? turned(data, format.bits) : data
        return Array.from({ length: length / width }, (_, at) =>
          width === 1 ? little[at] - 128 : little.readIntLE(at * width, width),
        )
      }
      const step = 2 ** (format.bits - valid)
      const [before, written] = [valuesOf(bytes), valuesOf(outputs[i])]
      expect(
        written.filter((value) => value % step !== 0),
        name,
      ).toEqual([])
      // All values of the grid are as likely as their neighbours: none is left out.
      expect(new Set(written.map((value) => Math.abs((value / step) % 2))).size, name).toBe(2)
      // Rounding adds the variance of a uniform error of one step of the grid; 5 standard errors.
      const scale = 2 ** (format.bits - 1)
      const added = written.map((value, at) => (value - before[at]) / scale)
      const deviation = Math.sqrt(added.reduce((sum, value) => sum + value * value, 0) / added.length)
      const wanted = Math.sqrt(0.05 ** 2 + (step / scale) ** 2 / 12)
      expect(Math.abs(deviation / wanted - 1), name).toBeLessThan(5 / Math.sqrt(2 * added.length))
    })
  })

  test.skipIf(!hasSox() || !hasFfmpeg())(
    'files as SoX and ffmpeg write them are done, and warned of where they were streamed (needs both)',
    async () => {
      const folder = temporaryFolder()
      const tone = ['-r', '16000', '-c', '2', '-b', '24', '-n']
      const synth = ['synth', '0.5', 'sine', '440', 'vol', '0.25']
      const lavfi = [
        '-v',
        'error',
        '-nostdin',
        '-f',
        'lavfi',
        '-i',
        'sine=d=0.5:r=16000',
        '-ac',
        '2',
        '-c:a',
        'pcm_s24le',
      ]
      const piped = (command: string, args: string[], name: string) =>
        writeFileSync(path.join(folder, name), outputOf(command, args))
      outputOf('sox', ['-V1', '-D', ...tone, '-B', path.join(folder, 'rifx.wav'), ...synth])
      outputOf('ffmpeg', [...lavfi, '-rf64', 'always', path.join(folder, 'rf64.wav')])
      piped('sox', ['-V1', '-D', ...tone, '-t', 'wav', '-', ...synth], 'sox-stream.wav')
      // Behind another program: SoX that makes samples itself knows how many.
      const raw = outputOf('sox', ['-V1', '-D', ...tone, '-t', 'raw', '-', ...synth])
      const { stdout } = spawnSync(
        'sh',
        ['-c', 'cat | sox -V1 -t raw -r 16000 -c 2 -b 24 -e signed -L - -t wav - | cat'],
        { input: raw, maxBuffer: 2 ** 24 },
      )
      writeFileSync(path.join(folder, 'sox-pipe.wav'), stdout)
      piped('ffmpeg', [...lavfi, '-f', 'wav', '-'], 'ffmpeg-pipe.wav')
      piped('ffmpeg', [...lavfi, '-rf64', 'always', '-f', 'wav', '-'], 'ffmpeg-pipe-rf64.wav')
      const names = ['rifx', 'rf64', 'sox-pipe', 'ffmpeg-pipe', 'ffmpeg-pipe-rf64'].map((name) => `${name}.wav`)
      const inputs = names.map((name) => path.join(folder, name))
      const results = await pool.map(noiseTask({ out: path.join(folder, 'out'), sigma: 0.05 }), inputs)
      const told = results.map(({ status, format, channels, frames }) => ({ status, format, channels, frames }))
      expect(told).toEqual(names.map(() => ({ status: 'done', format: 'pcm24', channels: 2, frames: 8000 })))
      const unknown = ['W_SIZE_UNKNOWN']
      expect(results.map(({ warnings }) => warnings)).toEqual([[], [], unknown, unknown, unknown])
      for (const { output } of results)
        expect(outputOf('soxi', ['-V1', '-s', output]).toString().trim(), output).toBe('8000')
    },
  )
})
