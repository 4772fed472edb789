// The files whose noise is pinned, byte by byte, and the hash of what comes of them. Plain JavaScript, and nothing of the package: the
// tests use it, and run.mjs, which is to run wherever an installed package does.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** The formats that noisemill reads. */
export const formats = /** @type {const} */ ([
  { name: 'pcm8', tag: 1, bits: 8 },
  { name: 'pcm16', tag: 1, bits: 16 },
  { name: 'pcm24', tag: 1, bits: 24 },
  { name: 'pcm32', tag: 1, bits: 32 },
  { name: 'float32', tag: 3, bits: 32 },
  { name: 'float64', tag: 3, bits: 64 },
])

/** @typedef {(typeof formats)[number]} Format */

/** @param {Uint8Array} bytes */
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/**
 * @param {string} id
 * @param {Uint8Array} body
 */
function chunk(id, body, size = body.length) {
  const head = Buffer.from(`${id}....`)
  head.writeUInt32LE(size, 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
}

/**
 * @param {Format} format
 * @param {number} channels
 * @param {number} sampleRate
 */
function formatBody({ tag, bits }, channels, sampleRate, isExtensible = false) {
  const blockAlign = (channels * bits) / 8
  const body = Buffer.alloc(isExtensible ? 40 : 16)
  body.writeUInt16LE(isExtensible ? 0xfffe : tag, 0)
  body.writeUInt16LE(channels, 2)
  body.writeUInt32LE(sampleRate, 4)
  body.writeUInt32LE(sampleRate * blockAlign, 8)
  body.writeUInt16LE(blockAlign, 12)
  body.writeUInt16LE(bits, 14)
  if (isExtensible) {
    body.writeUInt16LE(22, 16)
    body.writeUInt16LE(bits, 18)
    body.writeUInt16LE(tag, 24)
    Buffer.from('000000001000800000aa00389b71', 'hex').copy(body, 26)
  }
  return body
}

/** @param {Buffer[]} chunks */
const riff = (...chunks) => chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), ...chunks]))

/**
 * The input of the vectors in outputs.json: full-scale samples from whole numbers alone, since engines differ in Math.sin.
 *
 * @param {Format} format
 * @param {{ channels: number, frames: number, sampleRate: number }} layout
 */
export function vectorInput(format, { channels, frames, sampleRate }) {
  const { name, bits } = format
  const data = Buffer.alloc((frames * channels * bits) / 8)
  for (let i = 0; i < frames * channels; i++) {
    const n = ((i * 40503 + 12345) % 65536) - 32768
    const at = (i * bits) / 8
    if (name === 'float32') data.writeFloatLE(n / 32768, at)
    else if (name === 'float64') data.writeDoubleLE(n / 32768, at)
    else if (name === 'pcm8') data.writeUInt8((n >> 8) + 128, at)
    else data.writeIntLE(n * 2 ** (bits - 16), at, bits / 8)
  }
  return riff(chunk('fmt ', formatBody(format, channels, sampleRate)), chunk('data', data))
}

/**
 * Numbers of no pattern in [-1/2, 1/2), from integers alone.
 *
 * @param {Format} format
 * @param {number} count
 */
function scattered({ name, bits }, count) {
  const values = Float64Array.from({ length: count }, (_, i) => Math.imul(i + 1, 0x9e3779b1) / 2 ** 32)
  if (name === 'float32') return new Uint8Array(Float32Array.from(values).buffer)
  if (name === 'float64') return new Uint8Array(values.buffer)
  const data = Buffer.alloc((count * bits) / 8)
  values.forEach((value, i) => {
    if (bits === 8) data.writeUInt8(128 + Math.floor(value * 128), i)
    else data.writeIntLE(Math.floor(value * 2 ** (bits - 1)), (i * bits) / 8, bits / 8)
  })
  return data
}

const CORPUS_RATE = 16000

/** Files in the corpus. */
export const CORPUS_FILES = 19

/** The beginning of the SHA-256 of the names and hashes of all outputs. A change is a new version of the stream, or a bug: see docs/numerics.md. */
export const CORPUS_DIGEST = 'ed1da329cfa0de47463ec57054d71be8'

/** What the digest is of. */
export const CORPUS_NOISE = /** @type {const} */ ({ snr: [3, 20], seed: 'golden' })

/** Files in the corpus without the long one, which takes long in TypeScript. */
export const CORPUS_SHORT_FILES = 18

/**
 * The same of other kinds, levels and mixtures, for the short files: what is asked for, and the digest.
 *
 * @param {string} noise folder of noise files, see writeNoise
 */
export const corpusMixes = (noise) => [
  {
    noise: { kind: 'pink', snr: [0, 20], level: { rms: [-30, -20] }, clip: 'scale', dither: true, seed: 'golden' },
    digest: '3fba9f0679917e559b42b7b3ae7984b0',
  },
  {
    noise: { kind: 'color', parameters: { slope: 7.3, low: 55 }, dbfs: -20, clip: 'none', seed: 'golden' },
    digest: 'c9671bf765efd83a5a71a11f8f419f97',
  },
  {
    noise: { kind: 'brown', snr: { values: [0, 5, 10] }, snrReference: 'active', level: { peak: -3 }, seed: 'golden' },
    digest: '6dfb91a5182ded7a7121d4c548b3fb2a',
  },
  {
    noise: { kind: 'uniform', sigma: 0.3, clip: 'scale', ceiling: 0.8, seed: 'golden' },
    digest: 'f8dd97ee4f2932cc81d61b357b95af6e',
  },
  { noise: { kind: 'violet', snr: 10, dither: true, seed: 'golden' }, digest: '9a6e67aecca1fae935d07c3752b6583c' },
  { noise: { snr: -5, exactSnr: true, clip: 'scale', seed: 'golden' }, digest: 'cee00832b54fb6a6b2508d51f2cb046b' },
  { noise: { noise: { from: noise }, snr: [0, 20], seed: 'golden' }, digest: '21f25e6be7ee41b106fa3242d0c7faa3' },
  {
    noise: {
      noise: { from: noise, voices: [3, 5], balance: 'folder', downmix: 'mean' },
      snr: 5,
      clip: 'scale',
      seed: 'golden',
    },
    digest: '3239e1ab3483c1cace1bbc87bac66997',
  },
  {
    noise: { noise: { from: noise, gap: [0.05, 0.2] }, snr: 3, dither: true, seed: 'golden' },
    digest: '99e26c0486272818a726e520d181a0d9',
  },
  {
    noise: {
      layers: [
        { name: 'once', noise: { from: noise, fit: 'once' }, snr: [0, 10] },
        { kind: 'pink', dbfs: -40, chance: 0.5 },
        { name: 'hiss', sigma: 0.01 },
      ],
      level: { peak: -1 },
      seed: 'golden',
    },
    digest: 'ee16582b3fa5721870f1158dc1ff8aa6',
  },
]

/**
 * Noise files: shorter and longer ones than the short files of the corpus, with one channel and with more.
 *
 * @param {string} folder is made
 */
export function writeNoise(folder) {
  const files = [
    ['street/a.wav', 1, 1, 700],
    ['street/b.wav', 1, 2, 12_000],
    ['street/c.wav', 4, 1, 30_000],
    ['cafe/d.wav', 2, 5, 9001],
    ['cafe/e.wav', 1, 8, 5000],
    ['cafe/f.wav', 3, 1, 40_000],
  ]
  for (const [name, format, channels, frames] of /** @type {[string, number, number, number][]} */ (files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    const data = scattered(formats[format], frames * channels)
    const body = formatBody(formats[format], channels, CORPUS_RATE, false)
    writeFileSync(file, riff(chunk('fmt ', body), chunk('data', data)))
  }
}

/**
 * Every format with 1, 2 and 5 channels, plain and EXTENSIBLE, with odd chunks; and a file that is cut over several threads.
 *
 * @param {string} folder is made
 */
export function writeCorpus(folder) {
  mkdirSync(path.join(folder, 'below'), { recursive: true })
  for (const format of formats) {
    for (const channels of [1, 2, 5]) {
      const data = scattered(format, 9001 * channels) // two noise blocks and some of a third
      const odd = chunk('junk', new Uint8Array(4 * channels + 1))
      const body = formatBody(format, channels, CORPUS_RATE, channels === 5)
      const file = path.join(folder, channels === 2 ? 'below' : '', `${format.name}-${channels}.wav`)
      writeFileSync(file, riff(chunk('fmt ', body), odd, chunk('data', data), odd))
    }
  }
  const long = scattered(formats[1], 4_500_000) // 9 MB: two cuts
  const body = formatBody(formats[1], 1, CORPUS_RATE)
  writeFileSync(path.join(folder, 'long.wav'), riff(chunk('fmt ', body), chunk('data', long, 0xffffffff)))
}

/**
 * The digest of the WAV files below a folder, and how many there are.
 *
 * @param {string} folder
 */
export function digestOf(folder) {
  const names = !existsSync(folder)
    ? []
    : readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.wav'))
        .map((name) => name.replaceAll(path.sep, '/'))
        .sort()
  const hashes = Object.fromEntries(names.map((name) => [name, sha256(readFileSync(path.join(folder, name)))]))
  return { files: names.length, digest: sha256(Buffer.from(JSON.stringify(hashes))).slice(0, 32) }
}
