/** Files that are refused: the code and the reason are the same on every backend, and no output is left. */

import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type ErrorCode, type FileResult, noiseTask, Pool } from '../../../dist/index.js'
import { describeBackends } from '../../support/backends.js'
import { filesBelow, temporaryFolder } from '../../support/folders.js'
import { isRoot, isWindows, posixTest } from '../../support/systems.js'
import { chunk, formatBody, text, type WavParts, wav } from '../../support/wav.js'

const data = Buffer.alloc(240, 0x11)
const riff = (...chunks: Uint8Array[]) => chunk('RIFF', Buffer.concat([text('WAVE'), ...chunks]))
const format = (parts: WavParts = {}) => chunk('fmt ', formatBody(parts))
const good = wav({ data })

/** A file with these format fields and true ones for the rest. */
const having = (parts: WavParts) => wav({ data, ...parts })

/** The same with one 16-bit word of the fmt chunk's body put in by hand. */
function patched(at: number, value: number, parts: WavParts = {}): Buffer {
  const bytes = having(parts)
  bytes.writeUInt16LE(value, 20 + at)
  return bytes
}

/** Four other letters in the place of some that are there. */
const renamed = (at: number, id: string) => Buffer.concat([good.subarray(0, at), text(id), good.subarray(at + 4)])

const extensible = { extensible: true } as const
const emptyChunks = (count: number) => Buffer.concat(Array(count).fill(chunk('junk', Buffer.alloc(0))))

/** A GUID in the place of one that there is. */
function withGuid(guid: string, parts: WavParts): Buffer {
  const bytes = having({ ...parts, extensible: true })
  Buffer.from(guid, 'hex').copy(bytes, 44)
  return bytes
}

type Refusal = readonly [name: string, bytes: Buffer, code: ErrorCode, detail: string]

const refusals: readonly Refusal[] = [
  ['no bytes', Buffer.alloc(0), 'E_WAV_TRUNCATED', '0 bytes long'],
  ['4 bytes', good.subarray(0, 4), 'E_WAV_TRUNCATED', '4 bytes long'],
  ['11 bytes', good.subarray(0, 11), 'E_WAV_TRUNCATED', '11 bytes long'],
  ['12 bytes', good.subarray(0, 12), 'E_WAV_NO_FORMAT', 'ends before any fmt'],
  ['another magic', renamed(0, 'abcd'), 'E_WAV_NOT_RIFF', '61 62 63 64'],
  ['small letters', renamed(0, 'riff'), 'E_WAV_NOT_RIFF', '72 69 66 66'],
  ['Wave64', Buffer.from('726966662e91cf11a5d628db04c10000', 'hex'), 'E_WAV_NOT_RIFF', 'Sony Wave64'],
  ['MP3', Buffer.concat([text('ID3\x03\0\0\0\0\0\0'), good]), 'E_WAV_NOT_RIFF', 'an ID3 tag'],
  ...(
    [
      ['FORM', 'AIFF'],
      ['fLaC', 'FLAC'],
      ['OggS', 'Ogg'],
      ['NIST', 'NIST SPHERE'],
      ['caff', 'Core Audio'],
      ['.snd', 'Sun audio'],
      ['wvpk', 'WavPack'],
      ['MAC ', "Monkey's Audio"],
    ] as const
  ).map(([magic, name]): Refusal => [name, renamed(0, magic), 'E_WAV_NOT_RIFF', name]),
  ['another form', renamed(8, 'AVI '), 'E_WAV_NOT_RIFF', '41 56 49 20'],

  ['RIFX of another form', renamed(0, 'RIFX').fill('A', 8, 12), 'E_WAV_NOT_RIFF', 'RIFX of the form 41'],

  ...(['RF64', 'BW64'] as const).flatMap((container): Refusal[] => {
    const long = having({ container })
    const head = long.subarray(0, 12)
    return [
      [`${container} without ds64`, renamed(0, container), 'E_WAV_FORMAT', `${container} that does not begin`],
      [`${container} of 12 bytes`, head, 'E_WAV_FORMAT', `${container} that does not begin`],
      [
        `${container} with ds64 behind fmt`,
        Buffer.concat([head, format(), long.subarray(12, 48), long.subarray(72)]),
        'E_WAV_FORMAT',
        `${container} that does not begin`,
      ],
      [
        `${container} with ds64 of 23 bytes`,
        Buffer.concat([head, chunk('ds64', Buffer.alloc(24), 23), long.subarray(48)]),
        'E_WAV_FORMAT',
        'ds64 chunk of 23 bytes',
      ],
      [
        `${container} whose ds64 has its size in its own table`,
        Buffer.concat([head, chunk('ds64', Buffer.alloc(40), 0xffffffff), long.subarray(48)]),
        'E_WAV_FORMAT',
        'ds64 chunk of 4294967295 bytes',
      ],
      [`${container} that ends in its ds64`, long.subarray(0, 43), 'E_WAV_TRUNCATED', 'ends in its ds64'],
      [
        `${container} with data of 2^53 bytes`,
        having({ container, longSizes: { data: 2n ** 53n } }),
        'E_WAV_FORMAT',
        '2^53 bytes or more',
      ],
      [
        `${container} with data of 2^64 - 1 bytes`,
        having({ container, longSizes: { data: 2n ** 64n - 1n } }),
        'E_WAV_FORMAT',
        '2^53 bytes or more',
      ],
      [
        `${container} with a long chunk that is in no table`,
        having({ container, before: [chunk('abcd', data, 0xffffffff)], longSizes: { table: [['abce', 240n]] } }),
        'E_WAV_NO_DATA',
        'before any data',
      ],
      [
        `${container} with a long chunk beyond all files`,
        having({
          container,
          before: [chunk('abcd', data, 0xffffffff)],
          longSizes: { table: [['abcd', 2n ** 64n - 1n]] },
        }),
        'E_WAV_NO_DATA',
        'before any data',
      ],
    ]
  }),
  [
    'RIFX with words the other way around',
    Buffer.concat([text('RIFX'), good.subarray(4)]),
    'E_WAV_UNSUPPORTED',
    'format tag 0x0100',
  ],

  ['no fmt', riff(chunk('data', data)), 'E_WAV_NO_FORMAT', 'before any fmt'],
  ['fmt after the data', riff(chunk('data', data), format()), 'E_WAV_NO_FORMAT', 'before any fmt'],
  ['fmt too short', riff(chunk('fmt ', formatBody({}).subarray(0, 14))), 'E_WAV_FORMAT', '14 bytes'],
  ['fmt cut off by the end', good.subarray(0, 30), 'E_WAV_TRUNCATED', 'ends in its fmt'],
  ['fmt of 0xFFFFFFFF bytes', riff(chunk('fmt ', formatBody({}), 0xffffffff)), 'E_WAV_NO_DATA', 'before any data'],
  ['no data', riff(format()), 'E_WAV_NO_DATA', 'before any data'],
  ['data in capitals', renamed(36, 'DATA'), 'E_WAV_NO_DATA', 'before any data'],
  ['data without a size', good.subarray(0, 43), 'E_WAV_NO_DATA', 'before any data'],
  ...[0xffffffff, 0xfffffffe, data.length + 1].map(
    (size): Refusal => [
      `an unknown chunk of ${size} bytes`,
      riff(format(), chunk('abcd', data, size)),
      'E_WAV_NO_DATA',
      'before any data',
    ],
  ),
  [
    '100,001 empty chunks',
    riff(emptyChunks(100_001), format(), chunk('data', data)),
    'E_WAV_NO_DATA',
    'first 100000 chunks',
  ],
  // With fmt it is the 100,001st that holds the data.
  [
    'data after 100,000 chunks',
    riff(format(), emptyChunks(99_999), chunk('data', data)),
    'E_WAV_NO_DATA',
    'first 100000 chunks',
  ],

  ['EXTENSIBLE of 24 bytes', riff(chunk('fmt ', formatBody(extensible).subarray(0, 24))), 'E_WAV_FORMAT', '24 bytes'],
  ['EXTENSIBLE cut off by the end', having(extensible).subarray(0, 59), 'E_WAV_TRUNCATED', 'ends in its fmt'],
  ['an extension of 2 bytes', patched(16, 2, extensible), 'E_WAV_FORMAT', '2 bytes'],
  ['a strange sub-format', patched(38, 0xbeef, extensible), 'E_WAV_UNSUPPORTED', 'ef be'],
  ...(
    [
      ['a GUID of RIFX in RIFF', '0000000100000010800000aa00389b71', {}, 'sub-format 00 00 00 01'],
      ['a tag of 32 bits', '0100010000001000800000aa00389b71', {}, 'sub-format 01 00 01 00'],
      ['a GUID of RIFF in RIFX', '0100000000001000800000aa00389b71', { container: 'RIFX' }, 'format tag 0x0100'],
      ['a tag of 32 bits in RIFX', '0001000100000010800000aa00389b71', { container: 'RIFX' }, 'sub-format 00 01 00 01'],
    ] as const
  ).map(([name, guid, parts, shown]): Refusal => [name, withGuid(guid, parts), 'E_WAV_UNSUPPORTED', shown]),
  [
    '24 valid bits in a float',
    having({ ...extensible, tag: 3, bits: 32, validBits: 24 }),
    'E_WAV_UNSUPPORTED',
    '24 valid',
  ],
  ['24 valid bits in 16', having({ ...extensible, validBits: 24 }), 'E_WAV_FORMAT', '24 valid bits in 16'],

  ...(
    [
      [0x0000, 'format tag 0x0000'],
      [0x0031, 'GSM 6.10 (format tag 0x0031)'],
      [0x0055, 'MP3 (format tag 0x0055)'],
      [0x0064, 'G.726 ADPCM (format tag 0x0064)'],
      [0x00ff, 'AAC (format tag 0x00ff)'],
      [0xbeef, 'format tag 0xbeef'],
    ] as const
  ).flatMap(([tag, shown]): Refusal[] => [
    [`format tag ${tag}`, having({ tag }), 'E_WAV_UNSUPPORTED', shown],
    [`sub-format ${tag}`, having({ tag, ...extensible }), 'E_WAV_UNSUPPORTED', shown],
    [`sub-format ${tag} of RIFX`, having({ tag, ...extensible, container: 'RIFX' }), 'E_WAV_UNSUPPORTED', shown],
  ]),
  ['EXTENSIBLE within EXTENSIBLE', having({ tag: 0xfffe, ...extensible }), 'E_WAV_UNSUPPORTED', '0xfffe'],
  ['0 channels', having({ channels: 0 }), 'E_WAV_FORMAT', '0 channels'],
  ['1025 channels', having({ channels: 1025 }), 'E_WAV_UNSUPPORTED', '1025 channels'],
  ['65535 channels', having({ channels: 65535, blockAlign: 65534 }), 'E_WAV_UNSUPPORTED', '65535 channels'],
  ['sample rate 0', having({ sampleRate: 0 }), 'E_WAV_FORMAT', 'sample rate 0'],
  ['PCM of 0 bits', having({ bits: 0 }), 'E_WAV_FORMAT', '0 bits'],
  ...[33, 40, 64, 65535].map(
    (bits): Refusal => [`PCM of ${bits} bits`, having({ bits }), 'E_WAV_UNSUPPORTED', `PCM of ${bits} bits`],
  ),
  ...[8, 16, 24, 31, 63].map((bits): Refusal => {
    return [`float of ${bits} bits`, having({ tag: 3, bits }), 'E_WAV_UNSUPPORTED', `float of ${bits} bits`]
  }),
  // Readers do not agree on these: the samples may lie in more bytes than they take.
  ...(
    [
      [{ bits: 24, blockAlign: 4 }, '4, where 1 x 24 bits take 3'],
      [{ bits: 24, channels: 3, blockAlign: 12 }, '12, where 3 x 24 bits take 9'],
      [{ bits: 24, channels: 2, blockAlign: 8, extensible: true }, '8, where 2 x 24 bits take 6'],
      [{ bits: 20, blockAlign: 4 }, '4, where 1 x 20 bits take 3'],
      [{ bits: 12, channels: 2, blockAlign: 3 }, '3, where 2 x 12 bits take 4'],
      [{ bits: 16, validBits: 12, blockAlign: 4, extensible: true }, '4, where 1 x 16 bits take 2'],
      [{ bits: 24, channels: 5, blockAlign: 20 }, '20, where 5 x 24 bits take 15'],
      // ffmpeg drops samples at the end of its packets.
      [{ bits: 16, blockAlign: 3 }, '3, where 1 x 16 bits take 2'],
      [{ bits: 16, channels: 3, blockAlign: 0 }, '0, where 3 x 16 bits take 6'],
      [{ bits: 24, blockAlign: 0 }, '0, where 1 x 24 bits take 3'],
      [{ bits: 24, blockAlign: 8 }, '8, where 1 x 24 bits take 3'],
      [{ bits: 64, tag: 3, blockAlign: 6 }, '6, where 1 x 64 bits take 8'],
      [{ tag: 6, bits: 8, channels: 2, blockAlign: 3 }, '3, where 2 x 8 bits take 2'],
      [{ tag: 7, bits: 8, channels: 3, blockAlign: 0 }, '0, where 3 x 8 bits take 3'],
    ] as const
  ).map(([parts, shown]): Refusal => [`block align ${shown}`, having(parts), 'E_WAV_FORMAT', `block align ${shown}`]),
]

function writeRefusals(): { folder: string; inputs: string[] } {
  const folder = temporaryFolder()
  const inputs = refusals.map(([name]) => path.join(folder, `${name}.wav`))
  refusals.forEach(([, bytes], i) => {
    writeFileSync(inputs[i], bytes)
  })
  return { folder, inputs }
}

/** Linux gives such files a size of 4096, and what is read of them is shorter. */
const shorterThanItsSize = '/sys/devices/system/cpu/online'

/**
 * Opens a FIFO after a long while, so that a reader that waits for that does not wait for ever: on the calling thread no
 * test could end it. Returns the name of a file that is there from then on.
 */
function letGoOf(fifo: string): string {
  const mark = `${fifo}.waited`
  const rescue = spawn('sh', ['-c', 'sleep 200; : > "$1"; exec 3<>"$0"', fifo, mark], {
    detached: true,
    stdio: 'ignore',
  })
  onTestFinished(() => {
    if (rescue.exitCode === null) process.kill(-rescue.pid!)
  })
  return mark
}

const failuresOf = (results: readonly FileResult[]) => results.map(({ error }) => error?.toJSON())

describeBackends('refusals', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  const sigma = { sigma: 0.1 }

  test('a bad header is told by code and detail, and nothing is written', async () => {
    const { folder, inputs } = writeRefusals()
    const before = filesBelow(folder)
    const out = path.join(folder, 'out')
    for (const level of [sigma, { snr: 10 }, { sigma: 0, dryRun: true }]) {
      const results = await pool.map(noiseTask({ out, ...level }), inputs)
      refusals.forEach(([name, , code, detail], i) => {
        const { error, ...rest } = results[i]
        expect(rest, name).toMatchObject({ status: 'failed', frames: null, format: null, warnings: [] })
        expect(error, name).toMatchObject({ code, path: inputs[i], received: expect.stringContaining(detail) })
        expect(error?.errno, name).toBeUndefined()
      })
      expect(filesBelow(folder)).toEqual(before)
      expect(existsSync(out)).toBe(false)
    }
  })

  // The plain loop would be compared with itself.
  if (backend !== 'inline')
    test('each is told in the same words as by the plain loop', async () => {
      const { folder, inputs } = writeRefusals()
      const task = noiseTask({ out: path.join(folder, 'out'), ...sigma })
      const plain = new Pool({ backend: 'inline' })
      const expected = failuresOf(await plain.map(task, inputs))
      await plain.close()
      expect(failuresOf(await pool.map(task, inputs))).toEqual(expected)
    })

  test('as many chunks as are looked at may come with the data in the last', async () => {
    const file = path.join(temporaryFolder(), 'many.wav')
    // 100,000 chunks: fmt, 99,998 empty ones, data.
    writeFileSync(file, riff(format(), emptyChunks(99_998), chunk('data', data)))
    const [result] = await pool.map(noiseTask({ ...sigma, dryRun: true, out: 'unused' }), [file])
    expect(result).toMatchObject({ status: 'planned', frames: 120 })
  })

  test('what is no file, or is not there, is told apart', async () => {
    const folder = temporaryFolder()
    const at = (name: string) => path.join(folder, name)
    mkdirSync(at('folder.wav'))
    writeFileSync(at('file.wav'), good)
    await expectRefused(at, [
      ['folder.wav', { code: 'E_INPUT_NOT_FILE', received: 'a folder' }],
      ['missing.wav', { code: 'E_INPUT_MISSING', errno: 'ENOENT' }],
      ['file.wav/below.wav', { code: 'E_INPUT_MISSING' }],
    ])
  })

  posixTest('what no way leads to is told by its fault (needs symbolic links, and the faults of POSIX)', async () => {
    const folder = temporaryFolder()
    const at = (name: string) => path.join(folder, name)
    writeFileSync(at('file.wav'), good)
    symlinkSync('nowhere', at('dangling.wav'))
    symlinkSync('circle.wav', at('circle.wav'))
    await expectRefused(at, [
      ['file.wav/below.wav', { code: 'E_INPUT_MISSING', errno: 'ENOTDIR' }],
      ['dangling.wav', { code: 'E_INPUT_MISSING', errno: 'ENOENT' }],
      ['circle.wav', { code: 'E_INPUT_UNREADABLE', errno: 'ELOOP' }],
      [`${'n'.repeat(252)}.wav`, { code: 'E_INPUT_UNREADABLE', errno: 'ENAMETOOLONG' }], // 255 bytes are a name's most
    ])
  })

  async function expectRefused(at: (name: string) => string, cases: (readonly [name: string, error: object])[]) {
    // Outputs have names of their own, because one that is too long is refused before its input is opened.
    const items = cases.map(([name], i) => ({ input: at(name), output: at(`out/${i}.wav`) }))
    const results = await pool.map(noiseTask(sigma), items)
    cases.forEach(([name, error], i) => {
      expect(results[i].error, name).toMatchObject({ ...error, path: at(name) })
    })
    expect(existsSync(at('out'))).toBe(false)
  }

  posixTest('a FIFO without a writer and a device are refused, not waited for (needs mkfifo)', async () => {
    const folder = temporaryFolder()
    const fifo = path.join(folder, 'fifo.wav')
    expect(spawnSync('mkfifo', [fifo]).status).toBe(0)
    const waited = letGoOf(fifo)
    const out = path.join(folder, 'out')
    const results = await pool.map(noiseTask({ out, ...sigma }), [fifo, '/dev/null', '/dev/zero'])
    expect(existsSync(waited)).toBe(false)
    for (const { error } of results) {
      expect(error).toMatchObject({ code: 'E_INPUT_NOT_FILE', received: 'neither a file nor a folder' })
    }
    expect(existsSync(out)).toBe(false)
  })

  test.skipIf(!existsSync(shorterThanItsSize))(
    'a file that ends before its size says is told, not padded (needs /sys of Linux)',
    async () => {
      const out = path.join(temporaryFolder(), 'out')
      const [result] = await pool.map(noiseTask({ out, ...sigma }), [shorterThanItsSize])
      expect(result.error).toMatchObject({ code: 'E_INPUT_CHANGED', received: expect.stringContaining('of 4096') })
      expect(existsSync(out)).toBe(false)
    },
  )

  test.skipIf(isWindows || isRoot)(
    'a file without permission to read is told (needs POSIX permissions; root may read all)',
    async () => {
      const folder = temporaryFolder()
      const file = path.join(folder, 'secret.wav')
      writeFileSync(file, good)
      chmodSync(file, 0o000)
      const [result] = await pool.map(noiseTask({ out: path.join(folder, 'out'), ...sigma }), [file])
      expect(result.error).toMatchObject({ code: 'E_INPUT_UNREADABLE', errno: 'EACCES', path: file })
    },
  )

  test('one bad file does not keep the others from being done', async () => {
    const folder = temporaryFolder()
    const at = (name: string) => path.join(folder, name)
    writeFileSync(at('1.wav'), good)
    writeFileSync(at('2.wav'), good.subarray(0, 4))
    writeFileSync(at('3.wav'), good)
    const inputs = ['1.wav', '2.wav', '3.wav'].map(at)
    const results = await pool.map(noiseTask({ out: at('out'), ...sigma }), inputs)
    expect(results.map(({ status }) => status)).toEqual(['done', 'failed', 'done'])
    expect(filesBelow(at('out'))).toEqual(['1.wav', '3.wav'])
  })
})
