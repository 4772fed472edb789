/** Recordings whose header was never completed: samples after an empty data chunk, after the data, or beyond 4 GiB. */

import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { addNoiseToFiles, type FileResult, type NoiseOptions } from '../../../dist/index.js'
import { describeBackends } from '../../support/backends.js'
import { temporaryFolder } from '../../support/folders.js'
import { chunk, formats, HEADER_BYTES, sine, turned, type WavParts, wav } from '../../support/wav.js'

const data = sine(formats[1], 5000)
const noise = { sigma: 0.05, seed: 1 }

/** An empty data chunk at the end of its container, and bytes behind that. */
const unfinished = (behind: Uint8Array, parts: WavParts = {}) => {
  const empty = wav({ ...parts, data: new Uint8Array(0) })
  return Buffer.concat([empty, behind])
}

/** The padding that puts the samples at byte 4096: 12 bytes of RIFF, 24 of fmt, 8 of data and 8 of its own head. */
const padding = chunk('junk', new Uint8Array(4096 - 52))

const recordings: readonly (readonly [what: string, file: Buffer])[] = [
  ['RIFF size 36', unfinished(data)],
  ['RIFF size 8', unfinished(data, { riffSize: 8 })],
  ['RIFF size 0', unfinished(data, { riffSize: 0 })],
  ['RIFF size 4088, samples at byte 4096', unfinished(data, { before: [padding] })],
  ['RIFX', unfinished(turned(data, 16), { container: 'RIFX' })],
  ['RF64 with a ds64 of 72 bytes', unfinished(data, { container: 'RF64', longSizes: { riff: 72n, data: 0n } })],
  ['silence first', unfinished(Buffer.concat([new Uint8Array(70_000), data]))],
]

const empties: readonly (readonly [what: string, behind: Uint8Array])[] = [
  ['an ID3 chunk', chunk('id3 ', Buffer.concat([Buffer.from('ID3'), data]))],
  ['two chunks', Buffer.concat([chunk('LIST', data), chunk('bext', data)])],
  ['a tag of ID3', Buffer.concat([Buffer.from('ID3\x04'), data])],
  ['a tag of APE', Buffer.concat([Buffer.from('APETAGEX'), data])],
  ['zeros', new Uint8Array(10_000)],
  ['less than 4096 bytes', data.subarray(0, 4094)],
]

describeBackends('recordings that were never finished', (backend) => {
  async function add(bytes: Uint8Array, options: Partial<NoiseOptions> = {}) {
    const folder = temporaryFolder()
    const input = path.join(folder, 'a.wav')
    writeFileSync(input, bytes)
    const results: FileResult[] = []
    const all = { ...noise, ...options, out: path.join(folder, 'out'), backend, size: 2 }
    for await (const result of addNoiseToFiles(input, all)) results.push(result)
    const [result] = results
    return { result, output: result.status === 'done' ? readFileSync(result.output) : undefined }
  }

  test.each(recordings)('%s: all samples get noise, the sizes are true, and that is said', async (_, file) => {
    const { result, output } = await add(file)
    expect(result).toMatchObject({ status: 'done', warnings: ['W_SIZE_UNKNOWN'] })
    const at = file.indexOf('data') + 8
    const samples = file.subarray(at)
    expect(result.frames).toBe(samples.length / 2)
    // As of the honest file of the same samples.
    const container = file.toString('latin1', 0, 4) === 'RIFX' ? 'RIFX' : 'RIFF'
    const honest = await add(wav({ container, data: samples }))
    expect(output!.subarray(at).equals(honest.output!.subarray(HEADER_BYTES))).toBe(true)
    expect(output!.length).toBe(file.length)
    const again = await add(output!)
    expect(again.result.warnings).toEqual([])
    const strict = await add(file, { strict: true })
    expect(strict.result.error?.code).toBe('E_WAV_STRICT')
  })

  test.each(empties)('an empty data chunk before %s stays empty', async (_, behind) => {
    const file = unfinished(behind)
    const { result, output } = await add(file)
    expect(result).toMatchObject({ status: 'done', frames: 0 })
    expect(result.warnings).not.toContain('W_SIZE_UNKNOWN')
    expect(output!.equals(file)).toBe(true)
  })

  test('a header that was put right too early: what it does not count is left as it is, and warned of', async () => {
    const file = wav({ data, dataSize: 4000, riffSize: 4036 })
    const { result, output } = await add(file)
    expect(result).toMatchObject({ status: 'done', frames: 2000, warnings: ['W_TRAILING_BYTES'] })
    expect(output!.subarray(HEADER_BYTES + 4000).equals(file.subarray(HEADER_BYTES + 4000))).toBe(true)
    const strict = await add(file, { strict: true })
    expect(strict.result.error?.code).toBe('E_WAV_STRICT')
  })

  const odd = sine(formats[0], 5001)
  const list = chunk('LIST', Buffer.from('INFO'))
  test.each([
    ['a chunk', Buffer.concat([wav({ data }), list])],
    ['a chunk behind odd data without padding', Buffer.concat([wav({ bits: 8, data: odd }).subarray(0, -1), list])],
    ['16 bytes', Buffer.concat([wav({ data }), Buffer.alloc(16, 1)])],
    ['a tag of ID3, version 1', Buffer.concat([wav({ data }), Buffer.from('TAG'.padEnd(128))])],
    ['a chunk and a tag of APE', Buffer.concat([wav({ data }), list, Buffer.from('APETAGEX'.padEnd(64))])],
  ])('%s behind the data is no reason to warn', async (_, file) => {
    expect((await add(file)).result.warnings).toEqual([])
  })

  /**
   * A dry run over a file of zeros whose sizes began again at 0 after 4 GiB. The file is sparse, and only its head and
   * end are read.
   */
  async function planWrapped(bytes: number, behind: Uint8Array, parts: WavParts = {}) {
    const folder = temporaryFolder()
    const input = path.join(folder, 'long.wav')
    const riffSize = (bytes + behind.length + 36) % 2 ** 32
    const fd = openSync(input, 'w')
    writeSync(fd, wav({ ...parts, data: new Uint8Array(0), dataSize: bytes % 2 ** 32, riffSize }))
    ftruncateSync(fd, HEADER_BYTES + bytes)
    writeSync(fd, behind, 0, behind.length, HEADER_BYTES + bytes)
    closeSync(fd)
    const results: FileResult[] = []
    for await (const result of addNoiseToFiles(input, { ...noise, out: `${folder}-out`, backend, dryRun: true }))
      results.push(result)
    return results[0]
  }

  const long = 2 ** 32 + 96_000

  test.each([
    ['RIFF', long, {}],
    ['RIFX', long, { container: 'RIFX' }],
    ['RIFF of more than 8 GiB', 2 ** 32 + long, {}],
  ] as const)('sizes that began again at 0 after 4 GiB: the data go to the end: %s', async (_, bytes, parts) => {
    const result = await planWrapped(bytes, new Uint8Array(0), parts)
    if ('container' in parts) expect(result.error?.code).toBe('E_WAV_TOO_LONG')
    else expect(result).toMatchObject({ status: 'planned', frames: bytes / 2, warnings: ['W_SIZE_UNKNOWN'] })
  })

  test('the same with a padding byte behind them', async () => {
    const result = await planWrapped(long + 1, Uint8Array.of(0), { bits: 8 })
    expect(result).toMatchObject({ status: 'planned', frames: long + 1, warnings: ['W_SIZE_UNKNOWN'] })
  })

  test.each([
    ['a chunk', list, {}],
    [
      'two chunks, in RIFX',
      Buffer.concat([chunk('LIST', data, undefined, 'RIFX'), chunk('bext', data, undefined, 'RIFX')]),
      { container: 'RIFX' },
    ],
    ['a tag', Buffer.from('TAG'.padEnd(128)), {}],
    ['2 bytes', new Uint8Array(2), {}],
  ] as const)(
    'the same with %s behind them is refused, because nobody knows what the data are',
    async (_, behind, parts) => {
      const { error } = await planWrapped(long, behind, parts)
      const received = `data of 96000 bytes, or of ${long} with ${behind.length} bytes after them`
      expect(error).toMatchObject({ code: 'E_WAV_FORMAT', received })
    },
  )

  test('more bytes than 4 GiB that no chunks end with are left as they are, and warned of', async () => {
    const result = await planWrapped(long, Buffer.alloc(100, 1))
    expect(result).toMatchObject({ status: 'planned', frames: 48_000, warnings: ['W_TRAILING_BYTES'] })
  })
})
