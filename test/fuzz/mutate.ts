/** Mutates WAV files in their chunks, fields and bytes. */

import type { Random } from '../support/random.js'

/** A chunk with the size that its head claims. Bodies are bytes of the file, whatever was claimed. */
interface Chunk {
  id: string
  size: number
  body: Buffer
}

interface Parts {
  container: string
  riffSize: number
  form: string
  chunks: Chunk[]
}

const MAX_U32 = 0xffffffff

/** Cuts a file into chunks as far as that goes. What comes after, or the whole of a file that is none, is one more. */
function parse(file: Buffer): Parts {
  const at4 = (at: number) => file.toString('latin1', at, at + 4)
  if (file.length < 12) return { container: 'RIFF', riffSize: 4, form: 'WAVE', chunks: [] }
  const isBig = at4(0) === 'RIFX'
  const u32 = (at: number) => (isBig ? file.readUInt32BE(at) : file.readUInt32LE(at))
  const chunks: Chunk[] = []
  for (let at = 12; at + 8 <= file.length; ) {
    const size = u32(at + 4)
    const body = Buffer.from(file.subarray(at + 8, at + 8 + size))
    chunks.push({ id: at4(at), size, body })
    at += 8 + body.length + (body.length % 2)
  }
  return { container: at4(0), riffSize: u32(4), form: at4(8), chunks }
}

function join({ container, riffSize, form, chunks }: Parts): Buffer {
  const isBig = container === 'RIFX'
  const head = (id: string, size: number) => {
    const bytes = Buffer.alloc(8)
    bytes.write(id.padEnd(4).slice(0, 4), 'latin1')
    if (isBig) bytes.writeUInt32BE(size, 4)
    else bytes.writeUInt32LE(size, 4)
    return bytes
  }
  const pieces = chunks.flatMap(({ id, size, body }) => [head(id, size), body, Buffer.alloc(body.length % 2)])
  return Buffer.concat([head(container, riffSize), Buffer.from(form.padEnd(4).slice(0, 4), 'latin1'), ...pieces])
}

const find = (parts: Parts, id: string) => parts.chunks.find((chunk) => chunk.id === id)

/** A fmt chunk's fields in the order of its container. */
function fields({ container }: Parts, body: Buffer) {
  const isBig = container === 'RIFX'
  const has = (at: number, bytes: number) => at + bytes <= body.length
  return {
    u16: (at: number) => (has(at, 2) ? (isBig ? body.readUInt16BE(at) : body.readUInt16LE(at)) : 0),
    set16(at: number, value: number) {
      if (has(at, 2)) isBig ? body.writeUInt16BE(value, at) : body.writeUInt16LE(value, at)
    },
    set32(at: number, value: number) {
      if (has(at, 4)) isBig ? body.writeUInt32BE(value, at) : body.writeUInt32LE(value, at)
    },
  }
}

const TAGS = [1, 3, 1, 3, 2, 6, 7, 0x11, 0x31, 0x55, 0xfffe, 0, 0xffff]
const BITS = [8, 16, 24, 32, 64, 0, 1, 4, 12, 15, 17, 20, 40, 48, 0xffff]
const CHANNELS = [1, 2, 3, 6, 8, 1024, 1025, 0, 0xffff]
const SIZES = [0, 1, 2, 3, 15, 16, 17, 18, 40, 0x7ffff000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffe, MAX_U32]
const CONTAINERS = ['RIFF', 'RIFX', 'RF64', 'BW64', 'riff', 'FORM', 'fLaC', 'OggS', 'ID3\x04', 'RIFf', '\0\0\0\0']
const IDS = ['fmt ', 'data', 'LIST', 'fact', 'ds64', 'JUNK', 'bext', 'FMT ', 'wavl', '\0\0\0\0']

type Mutation = (parts: Parts, random: Random) => void

/** A number near another, or one of those that programs trip over. */
function size(near: number, random: Random): number {
  if (random.once(3)) return random.pick(SIZES)
  if (random.once(4)) return random.word()
  return Math.max(0, Math.min(MAX_U32, near + random.below(9) - 4))
}

const chunkSize: Mutation = ({ chunks }, random) => {
  if (chunks.length === 0) return
  const chunk = random.pick(chunks)
  chunk.size = size(chunk.size, random)
}

const dataSize: Mutation = (parts, random) => {
  const data = find(parts, 'data')
  if (data) data.size = size(data.size, random)
}

const riffSize: Mutation = (parts, random) => {
  parts.riffSize = size(parts.riffSize, random)
}

/** One field of fmt. */
const formatField: Mutation = (parts, random) => {
  const format = find(parts, 'fmt ')
  if (!format) return
  const { set16, set32, u16 } = fields(parts, format.body)
  const changes = [
    () => set16(0, random.pick(TAGS)),
    () => set16(2, random.pick(CHANNELS)),
    () => set32(4, random.pick([0, 1, 8000, 44100, MAX_U32])),
    () => set32(8, random.pick([0, 1, random.word(), MAX_U32])),
    () => set16(12, random.pick([0, 1, u16(12) + 1, u16(12) - 1, u16(12) * 2, 0xffff].map((value) => value & 0xffff))),
    () => set16(14, random.pick(BITS)),
    () => set16(16, random.pick([0, 21, 22, 23, 0xffff])),
    () => set16(18, random.pick(BITS)),
    () => set16(24, random.pick(TAGS)),
    () => format.body.subarray(26, 27 + random.below(14)).fill(random.below(256)),
  ]
  random.pick(changes)()
}

/** Another format, whose fields agree: most files are to be read on, not refused. */
const format: Mutation = (parts, random) => {
  const chunk = find(parts, 'fmt ')
  if (!chunk) return
  const [tag, bits] = random.pick([
    [1, 8],
    [1, 16],
    [1, 24],
    [1, 32],
    [3, 32],
    [3, 64],
    [1, 12],
    [1, 20],
    [6, 8],
    [7, 8],
  ])
  const channels = random.pick([1, 1, 2, 3, 6, 300])
  const extensible = random.once(3)
  chunk.body = Buffer.alloc(extensible ? 40 : random.pick([16, 18]))
  chunk.size = chunk.body.length
  const { set16, set32 } = fields(parts, chunk.body)
  const align = channels * Math.ceil(bits / 8)
  set16(0, extensible ? 0xfffe : tag)
  set16(2, channels)
  set32(4, 16000)
  set32(8, 16000 * align)
  set16(12, align)
  set16(14, bits)
  if (!extensible) return
  set16(16, 22)
  set16(18, random.once(3) ? Math.max(1, bits - random.below(9)) : bits)
  set16(24, tag)
  Buffer.from('000000001000800000aa00389b71', 'hex').copy(chunk.body, 26)
}

const COEFFICIENTS = [256, 0, 512, 0xff00, 0, 0, 192, 64, 240, 0, 460, 0xff30, 392, 0xff18]

/** The fmt chunk of a codec with blocks, and good heads for these, in data of any kind. */
const blocks: Mutation = (parts, random) => {
  const [chunk, data] = [find(parts, 'fmt '), find(parts, 'data')]
  if (!chunk || !data) return
  const channels = random.pick([1, 1, 2, 3, 8])
  const isIma = random.once(2)
  const codeBytes = random.pick([0, 4, 8, 60, 500]) * channels
  const align = (isIma ? 4 : 7) * channels + codeBytes
  const frames = isIma ? 1 + (2 * codeBytes) / channels : 2 + (2 * codeBytes) / channels
  const pairs = 7 + random.below(3)
  const more = Array.from({ length: 2 * (pairs - 7) }, () => random.below(65536))
  const words = isIma ? [frames] : [frames - random.below(2), pairs, ...COEFFICIENTS, ...more]
  chunk.body = Buffer.alloc(18 + 2 * words.length)
  chunk.size = chunk.body.length
  const { set16, set32 } = fields(parts, chunk.body)
  set16(0, isIma ? 0x11 : 2)
  set16(2, channels)
  set32(4, 16000)
  set32(8, Math.floor((16000 * align) / frames))
  set16(12, align)
  set16(14, 4)
  set16(16, 2 * words.length)
  words.forEach((word, i) => {
    set16(18 + 2 * i, word)
  })
  for (let at = 0; at < data.body.length; at += align)
    for (let channel = 0; channel < channels; channel++) {
      const index = at + (isIma ? 4 * channel + 2 : channel)
      // Few are beyond the table.
      if (index < data.body.length) data.body[index] = random.below(isIma ? 89 : 7) + (random.once(2000) ? 100 : 0)
    }
}

const duplicate: Mutation = ({ chunks }, random) => {
  if (chunks.length === 0) return
  const { id, size: claimed, body } = random.pick(chunks)
  chunks.splice(random.below(chunks.length + 1), 0, { id, size: claimed, body: Buffer.from(body) })
}

const drop: Mutation = ({ chunks }, random) => {
  chunks.splice(random.below(chunks.length), 1)
}

const swap: Mutation = ({ chunks }, random) => {
  if (chunks.length < 2) return
  const at = random.below(chunks.length - 1)
  chunks.splice(at, 2, chunks[at + 1], chunks[at])
}

const insert: Mutation = ({ chunks }, random) => {
  // Beyond the reader's window now and then, and of odd length half the time.
  const body = random.bytes(random.once(5) ? 4000 + random.below(16_000) : random.below(30))
  chunks.splice(random.below(chunks.length + 1), 0, { id: random.pick(IDS), size: body.length, body })
}

const manyChunks: Mutation = ({ chunks }, random) => {
  if (!random.once(4)) return
  const many = Array.from({ length: random.below(600) }, () => ({ id: 'JUNK', size: 0, body: Buffer.alloc(0) }))
  chunks.splice(0, 0, ...many)
}

const id: Mutation = ({ chunks }, random) => {
  if (chunks.length > 0) random.pick(chunks).id = random.pick(IDS)
}

const container: Mutation = (parts, random) => {
  parts.container = random.pick(CONTAINERS)
  if (random.once(5)) parts.form = random.pick(['AVI ', 'wave', 'AIFF'])
}

/** RF64 as it ought to be, or nearly. */
const rf64: Mutation = (parts, random) => {
  const data = find(parts, 'data')
  if (!data) return
  parts.container = random.pick(['RF64', 'RF64', 'BW64'])
  parts.riffSize = random.once(5) ? parts.riffSize : MAX_U32
  const body = Buffer.alloc(28 + 12 * random.pick([0, 0, 1, 3]) - (random.once(8) ? 1 + random.below(28) : 0))
  const set = (at: number, value: bigint) => {
    if (at + 8 <= body.length) body.writeBigUInt64LE(value, at)
  }
  const whole = join(parts).length + 36 - 8
  set(0, BigInt(random.once(4) ? size(whole, random) : whole))
  set(
    8,
    random.once(3) ? (BigInt(random.word()) << BigInt(random.pick([0, 1, 20, 21, 32]))) | 1n : BigInt(data.body.length),
  )
  set(16, BigInt(random.word()))
  if (body.length >= 40) {
    body.writeUInt32LE(random.pick([0, 1, (body.length - 28) / 12, 0xffffffff]), 24)
    body.write(random.pick(IDS), 28, 'latin1')
    set(32, BigInt(random.pick([0, 4, 100, MAX_U32])))
  }
  if (!random.once(5)) data.size = MAX_U32
  parts.chunks.splice(random.once(8) ? 1 : 0, 0, { id: 'ds64', size: body.length, body })
}

/** All words of the header in the other order; data and other chunks as they are. */
const otherOrder: Mutation = (parts) => {
  const chunk = find(parts, 'fmt ')
  if (chunk && chunk.body.length >= 16) {
    const { body } = chunk
    for (const [at, bytes] of [
      [0, 2],
      [2, 2],
      [4, 4],
      [8, 4],
      [12, 2],
      [14, 2],
      [16, 2],
      [18, 2],
      [20, 4],
      [24, 2],
    ])
      if (at + bytes <= body.length) body.subarray(at, at + bytes).reverse()
  }
  parts.container = parts.container === 'RIFX' ? 'RIFF' : 'RIFX'
}

/** Samples that kernels treat apart: NaN, infinities, subnormals, silence, the ends of the range. */
const samples: Mutation = (parts, random) => {
  const data = find(parts, 'data')
  if (!data || data.body.length === 0) return
  const patterns = [
    '00',
    'ff',
    '80',
    '7f',
    '0000807f',
    '000080ff',
    '0100807f',
    '000000000000f07f',
    '01000000',
    '0000c07f',
    'ffff7f7f',
    'ffffffffffffef7f',
  ]
  const start = random.once(2) ? 0 : random.below(data.body.length) & ~7
  const end = random.once(2) ? data.body.length : Math.min(data.body.length, start + random.below(64))
  if (start < end) data.body.fill(Buffer.from(random.pick(patterns), 'hex'), start, end)
}

const resize: Mutation = (parts, random) => {
  const data = find(parts, 'data')
  if (!data) return
  // Around the ends of lanes, blocks and, rarely, of what is read at once.
  const around = random.pick([0, 1, 16, 32, 4096, 4096 * 2, 4096 * 3])
  const length = random.once(60) ? 256 * 1024 - 50 + random.below(100) : Math.max(0, around + random.below(11) - 5)
  const old = data.body
  data.body = Buffer.alloc(length)
  for (let at = 0; at < length && old.length > 0; at += old.length) old.copy(data.body, at)
  data.size = length
}

const onParts: readonly Mutation[] = [
  ...[chunkSize, dataSize, dataSize, riffSize, formatField, formatField, format, format, format, duplicate, drop],
  ...[
    blocks,
    blocks,
    blocks,
    swap,
    insert,
    insert,
    manyChunks,
    id,
    container,
    rf64,
    rf64,
    otherOrder,
    otherOrder,
    samples,
    samples,
    resize,
  ],
]

/** The bytes as such. */
function onBytes(file: Buffer, random: Random): Buffer {
  switch (random.below(4)) {
    case 0:
      return file.subarray(0, random.below(file.length + 1))
    case 1:
      return file.subarray(0, random.below(Math.min(file.length, 64) + 1))
    case 2:
      return Buffer.concat([file, random.bytes(random.below(40))])
    default: {
      const changed = Buffer.from(file)
      const reach = random.once(3) ? changed.length : Math.min(changed.length, 80)
      for (let i = random.below(4); i >= 0 && reach > 0; i--) changed[random.below(reach)] = random.below(256)
      return changed
    }
  }
}

/** Data longer than this are cut, honestly: what a long file does a short one does sooner. */
const MAX_DATA_BYTES = 20_000

/** A file after some mutations, the first of them small: most results differ from a good file in one or two places. */
export function mutate(file: Buffer, random: Random): Buffer {
  const parts = parse(file)
  for (const chunk of parts.chunks) {
    if (chunk.body.length <= MAX_DATA_BYTES) continue
    chunk.body = chunk.body.subarray(0, MAX_DATA_BYTES)
    chunk.size = Math.min(chunk.size, MAX_DATA_BYTES)
  }
  for (let i = random.below(4); i >= 0; i--) random.pick(onParts)(parts, random)
  const whole = join(parts)
  return random.once(4) ? onBytes(whole, random) : whole
}
