/** Every format that noisemill reads: which bytes change, and how other readers read the outputs. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import wavefile from 'wavefile'
import { type FileResult, type NoiseOptions, noiseTask, Pool } from '../../../dist/index.js'
import { describeBackends } from '../../support/backends.js'
import { newFolder, removeFolder, sha256, temporaryFolder } from '../../support/folders.js'
import { hasModule, hasSox, linesOfOutput, outputOf, python } from '../../support/readers.js'
import { chunk, formatBody, formats, sine, text, wav } from '../../support/wav.js'

type Format = (typeof formats)[number]

const RATE = 22050

/** A chunk of odd size whose pad byte is not the zero that a rewriter would put there. */
function oddChunk(id: string, body: string): Buffer {
  const bytes = chunk(id, text(body))
  bytes[bytes.length - 1] = 0x7f
  return bytes
}

const before = [oddChunk('odd ', 'abc'), chunk('LIST', text('INFOISFT\x04\0\0\0made'))]
const after = [oddChunk('iXML', '<a/>!'), chunk('id3 ', text('ID3\x04'))]
const junk = text('\x01\x02j')

const samples = formats.flatMap((format) =>
  [1, 2, 8, 1024].flatMap((channels) =>
    [false, true].map((extensible) => {
      // A noise block is 4096 frames and one step of the generator 32; then a ragged, odd end. Of
      // 1024 channels, a piece has 32 frames.
      const frames = channels === 1024 ? 32 + 1 : 4096 + 32 + 5
      const data = sine(format, frames, channels)
      const parts = { ...format, channels, extensible, data, sampleRate: RATE, before, after }
      const name = `${format.name}-${channels}${extensible ? '-extensible' : ''}.wav`
      const dataStart = 12 + 8 + (extensible ? 40 : 16) + Buffer.concat(before).length + 8
      const bytes = Buffer.concat([wav(parts), junk])
      return { name, format, channels, extensible, frames, bytes, dataStart, dataEnd: dataStart + data.length }
    }),
  ),
)
type Sample = (typeof samples)[number]
const dataOf = ({ dataStart, dataEnd }: Sample, bytes: Buffer) => bytes.subarray(dataStart, dataEnd)

/** The samples as `wavefile` reads them, interleaved: integers for PCM. */
function samplesOf(bytes: Uint8Array): Float64Array {
  return new wavefile.WaveFile(bytes).getSamples(true, Float64Array) as unknown as Float64Array
}

function valuesOf({ name, bits }: Format, data: Buffer): Float64Array {
  const bytes = bits / 8
  return Float64Array.from({ length: data.length / bytes }, (_, i) => {
    if (name === 'float32') return data.readFloatLE(4 * i)
    if (name === 'float64') return data.readDoubleLE(8 * i)
    return name === 'pcm8' ? data[i] : data.readIntLE(bytes * i, bytes)
  })
}

/** So many that 4 standard errors (0.76 %) are less than the 0.78 % between a full scale of 128 and one of 127. */
const LONG_FRAMES = 70_000
const longSamples = formats.map((format) => {
  const bytes = wav({ ...format, channels: 2, data: sine(format, LONG_FRAMES, 2) })
  return { name: `${format.name}.wav`, bytes, original: samplesOf(bytes) }
})

/** For each file what SciPy reads: rate, type, shape, and the SHA-256 of the samples in the file's own width. */
const scipyReader = `
import hashlib, json, sys, warnings
from scipy.io import wavfile
warnings.simplefilter('ignore')
for name in sys.argv[1:]:
    rate, data = wavfile.read(name)
    packed = data.tobytes()
    if 'pcm24' in name:  # comes in the upper 24 of 32 bits
        packed = data.reshape(-1, 1).view('u1')[:, 1:].tobytes()
    print(json.dumps([rate, str(data.dtype), list(data.shape), hashlib.sha256(packed).hexdigest()]))
`
const numpyTypes = {
  pcm8: 'uint8',
  pcm16: 'int16',
  pcm24: 'int32',
  pcm32: 'int32',
  float32: 'float32',
  float64: 'float64',
}

describeBackends('formats', (backend) => {
  let pool: Pool
  let folder: string
  /** All samples with noise, for other readers to look at. */
  let noisy: Awaited<ReturnType<typeof run>>
  beforeAll(async () => {
    pool = new Pool({ backend, size: 2 })
    folder = newFolder()
    noisy = await run(samples, { sigma: 0.05 }, folder)
  })
  afterAll(async () => {
    removeFolder(folder)
    await pool.close()
  })

  async function run(files: { name: string; bytes: Buffer }[], options: NoiseOptions, folder = temporaryFolder()) {
    for (const { name, bytes } of files) writeFileSync(path.join(folder, name), bytes)
    const out = path.join(folder, 'out')
    const inputs = files.map(({ name }) => path.join(folder, name))
    const results = await pool.map(noiseTask({ out, seed: 1, ...options }), inputs)
    for (const { error } of results) expect(error).toBeUndefined()
    const outputs = results.map((result) => readFileSync(result.output))
    return { results, outputs }
  }

  test('sigma 0 gives the input byte for byte', async () => {
    const { results, outputs } = await run(samples, { sigma: 0 })
    samples.forEach(({ name, bytes }, i) => {
      expect(results[i], name).toMatchObject({ status: 'done', clipped: 0, snr: null, warnings: [] })
      expect(outputs[i].equals(bytes), name).toBe(true)
    })
  })

  test('noise changes the samples and no other byte', () => {
    const { results, outputs } = noisy
    samples.forEach((sample, i) => {
      const { name, format, channels, frames, bytes, dataStart, dataEnd } = sample
      const expected = { format: format.name, channels, frames, sampleRate: RATE, bytesOut: bytes.length, warnings: [] }
      expect(results[i], name).toMatchObject({ status: 'done', ...expected } satisfies Partial<FileResult>)
      expect(outputs[i].length, name).toBe(bytes.length)
      expect(outputs[i].subarray(0, dataStart).equals(bytes.subarray(0, dataStart)), name).toBe(true)
      expect(outputs[i].subarray(dataEnd).equals(bytes.subarray(dataEnd)), name).toBe(true)
      expect(dataOf(sample, outputs[i]).equals(dataOf(sample, bytes)), name).toBe(false)
    })
  })

  test('wavefile reads the samples that were written', () => {
    const { outputs } = noisy
    samples.forEach((sample, i) => {
      const { name, format, channels, extensible } = sample
      // It takes EXTENSIBLE float32 for integers; SciPy and SoX have that below.
      if (extensible && format.name === 'float32') return
      const { fmt } = new wavefile.WaveFile(outputs[i]) as unknown as { fmt: Record<string, number> }
      expect(fmt, name).toMatchObject({ sampleRate: RATE, numChannels: channels, bitsPerSample: format.bits })
      const values = valuesOf(format, dataOf(sample, outputs[i]))
      // It counts the pad byte of odd data as a sample.
      const read = samplesOf(outputs[i]).slice(0, values.length)
      expect(Buffer.from(read.buffer).equals(Buffer.from(values.buffer)), name).toBe(true)
    })
  })

  test.skipIf(!hasSox())('SoX reads rate, channels, bits, length and samples (needs SoX)', () => {
    const { results, outputs } = noisy
    const files = results.map((result) => result.output)
    expect(linesOfOutput('soxi', ['-V0', '-r', ...files])).toEqual(samples.map(() => String(RATE)))
    expect(linesOfOutput('soxi', ['-V0', '-c', ...files])).toEqual(samples.map(({ channels }) => String(channels)))
    expect(linesOfOutput('soxi', ['-V0', '-b', ...files])).toEqual(samples.map(({ format }) => String(format.bits)))
    expect(linesOfOutput('soxi', ['-V0', '-s', ...files])).toEqual(samples.map(({ frames }) => String(frames)))
    samples.forEach((sample, i) => {
      // SoX holds samples in 32-bit integers, so floats do not come out of it as they were.
      if (sample.format.tag === 3 || sample.channels !== 2) return
      const raw = outputOf('sox', ['-V0', '-D', files[i], '-t', 'raw', '-'])
      expect(raw.equals(dataOf(sample, outputs[i])), sample.name).toBe(true)
    })
  })

  test.skipIf(!hasModule('scipy'))('SciPy reads rate, type, shape and samples (needs SciPy)', () => {
    const { results, outputs } = noisy
    const lines = linesOfOutput(python, ['-c', scipyReader, ...results.map((result) => result.output)])
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      samples.map((sample, i) => {
        const { format, frames, channels } = sample
        const shape = channels === 1 ? [frames] : [frames, channels]
        return [RATE, numpyTypes[format.name], shape, sha256(dataOf(sample, outputs[i]))]
      }),
    )
  })

  test('the noise that another reader sees has mean 0, deviation sigma, and no correlation with channels or signal', async () => {
    const sigma = 0.05
    const frames = LONG_FRAMES
    const { results, outputs } = await run(longSamples, { sigma })
    formats.forEach(({ name, tag, bits }, i) => {
      const fullScale = tag === 3 ? 1 : 2 ** (bits - 1)
      const { original } = longSamples[i]
      const noise = samplesOf(outputs[i]).map((value, at) => (value - original[at]) / fullScale)
      const { length } = noise
      const centred = (value: number) => (bits === 8 ? value - 128 : value)
      expect(length).toBe(2 * frames)
      // Rounding adds the variance of a uniform error of one step.
      const step = tag === 3 ? 0 : 1 / fullScale
      const expected = Math.sqrt(sigma ** 2 + step ** 2 / 12)
      const mean = noise.reduce((sum, value) => sum + value, 0) / length
      const deviation = Math.sqrt(noise.reduce((sum, value) => sum + value ** 2, 0) / length)
      const covariance = noise.reduce((sum, value, at) => (at % 2 ? sum : sum + value * noise[at + 1]), 0) / frames
      expect(Math.abs(mean), name).toBeLessThan((4 * expected) / Math.sqrt(length))
      expect(Math.abs(deviation / expected - 1), name).toBeLessThan(4 / Math.sqrt(2 * length))
      expect(Math.abs(covariance) / expected ** 2, name).toBeLessThan(4 / Math.sqrt(frames))
      // Were the samples scaled on their way, the difference would go with them.
      const product = noise.reduce((sum, value, at) => sum + value * centred(original[at]), 0)
      const power = original.reduce((sum, value) => sum + centred(value) ** 2, 0)
      expect(Math.abs(product) / Math.sqrt(power), name).toBeLessThan(4 * expected)
      expect(results[i], name).toMatchObject({ sigma, clipped: 0 })
    })
  })

  test('a header that lies across the edge of what is read at once is read all the same', async () => {
    const [, , , , float32] = formats
    const parts = { ...float32, extensible: true }
    const rest = Buffer.concat([chunk('fmt ', formatBody(parts)), chunk('data', sine(float32, 50))])
    // Headers are read in windows of 4096 bytes: the fmt chunk of 48 bytes and the head of the data lie around that
    // edge.
    const files = Array.from({ length: 40 }, (_, i) => {
      const body = Buffer.concat([text('WAVE'), chunk('JUNK', Buffer.alloc(4096 - 20 - 70 + 2 * i)), rest])
      return { name: `${i}.wav`, bytes: chunk('RIFF', body) }
    })
    const { results, outputs } = await run(files, { sigma: 0.05 })
    files.forEach(({ name, bytes }, i) => {
      expect(results[i], name).toMatchObject({ status: 'done', format: 'float32', frames: 50, warnings: [] })
      expect(outputs[i].subarray(0, -200).equals(bytes.subarray(0, -200)), name).toBe(true)
    })
  })
})
