// Writes small files of every kind that the reader distinguishes, as seeds for the fuzzer.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const GUID_TAIL = '000000001000800000aa00389b71'

/** Returns functions that encode 16-bit and 32-bit words in the byte order of a container. */
function words(isBig) {
  const u16 = (value) => {
    const bytes = Buffer.alloc(2)
    if (isBig) bytes.writeUInt16BE(value)
    else bytes.writeUInt16LE(value)
    return bytes
  }
  const u32 = (value) => {
    const bytes = Buffer.alloc(4)
    if (isBig) bytes.writeUInt32BE(value)
    else bytes.writeUInt32LE(value)
    return bytes
  }
  return { u16, u32 }
}

function wav({ container = 'RIFF', tag = 1, channels = 1, bits = 16, frames = 40, extensible = false, ...parts }) {
  const { u16, u32 } = words(container === 'RIFX')
  const {
    align = channels * Math.ceil(bits / 8),
    validBits = bits,
    fields = [],
    head = [],
    is64 = container.endsWith('64'),
  } = parts
  const data = Buffer.alloc(frames * align)
  for (let i = 0; i < data.length; i++) data[i] = i % align < head.length ? head[i % align] : (i * 37) % 251
  const chunk = (id, body, size = body.length) =>
    Buffer.concat([Buffer.from(id), u32(size), body, Buffer.alloc(body.length % 2)])
  const format = [u16(extensible ? 0xfffe : tag), u16(channels), u32(8000), u32(8000 * align), u16(align), u16(bits)]
  if (extensible) {
    const extension = 22 + 2 * fields.length
    format.push(u16(extension), u16(validBits), u32(0), u16(tag), Buffer.from(GUID_TAIL, 'hex'))
  } else if (fields.length > 0) format.push(u16(2 * fields.length))
  format.push(...fields.map(u16))
  const sizes = Buffer.alloc(28)
  sizes.writeUInt32LE(data.length, 8)
  sizes.writeUInt32LE(frames, 16)
  const inside = Buffer.concat([
    Buffer.from('WAVE'),
    ...(is64 ? [chunk('ds64', sizes)] : []),
    ...(parts.before ? [chunk('LIST', Buffer.from('INFOodd'))] : []),
    chunk('fmt ', Buffer.concat(format)),
    chunk('data', data, parts.size ?? (is64 ? 0xffffffff : data.length)),
    ...(parts.after ? [chunk('junk', Buffer.alloc(5))] : []),
  ])
  if (is64) inside.writeUInt32LE(inside.length, 12)
  const whole = Buffer.concat([
    Buffer.from(container),
    u32(is64 ? 0xffffffff : (parts.riffSize ?? inside.length)),
    inside,
  ])
  return whole.subarray(0, whole.length - (parts.cut ?? 0))
}

const formats = [8, 16, 24, 32].map((bits) => ({ tag: 1, bits })).concat([32, 64].map((bits) => ({ tag: 3, bits })))

const coefficients = [256, 0, 512, 0xff00, 0, 0, 192, 64, 240, 0, 460, 0xff30, 392, 0xff18]
/** For the last four, `frames` counts blocks. The heads of all blocks are valid. */
const coded = [
  { tag: 6, bits: 8 },
  { tag: 7, bits: 8, channels: 2 },
  { tag: 0x11, bits: 4, align: 36, frames: 3, fields: [65], head: [1, 2, 3, 0] },
  { tag: 0x11, bits: 4, channels: 2, align: 41, frames: 4, fields: [25], head: [0, 128, 88, 0, 9, 9, 0, 0] },
  { tag: 2, bits: 4, align: 36, frames: 3, fields: [60, 7, ...coefficients], head: [6, 30, 0] },
  { tag: 2, bits: 4, channels: 3, align: 30, frames: 4, fields: [7, 8, ...coefficients, 100, 50], head: [1, 7, 0] },
]

const seeds = [
  ...formats.flatMap((format) => [
    format,
    { ...format, channels: 2, extensible: true, before: true, after: true },
    { ...format, container: 'RIFX' },
    { ...format, container: 'RF64', after: true },
  ]),
  { container: 'BW64' },
  { size: 0xffffffff, riffSize: 0xffffffff },
  { size: 0x7ffff000 },
  { size: 0, riffSize: 0 },
  { bits: 24, cut: 5 },
  { bits: 8, frames: 41, size: 500 },
  { bits: 12 },
  { bits: 20, extensible: true, validBits: 20 },
  { bits: 32, extensible: true, validBits: 24 },
  { channels: 1024, frames: 2 },
  { frames: 0 },
  { align: 3 },
  ...coded.flatMap((codec) => [
    codec,
    { ...codec, container: 'RIFX', before: true, after: true },
    { ...codec, container: 'RF64', cut: 5 },
    { ...codec, extensible: true, size: 0xffffffff },
  ]),
]

/** Writes the seeds into a folder. */
export function writeSeeds(folder) {
  mkdirSync(folder, { recursive: true })
  seeds.forEach((seed, i) => {
    writeFileSync(path.join(folder, `${i}.wav`), wav(seed))
  })
}
