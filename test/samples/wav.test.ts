/** Whole WAV files in memory: the same bytes, warnings and errors as for the files themselves. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import wavefile from 'wavefile'
import { addNoiseToWav, type NoiseSpec, Pool, type SampleFigures } from '../../dist/index.js'
import { asFile, common } from '../support/arrays.js'
import { describeBackends } from '../support/backends.js'
import { audioOf, corpus, corpusTest } from '../support/corpus.js'
import { chunk, formats, sine, turned, type WavParts, wav } from '../support/wav.js'

const [pcm8, pcm16, pcm24, , float32, float64] = formats
const FRAMES = 4096 + 33 // a noise block, a step of its generator, and one more

/** A file that claims `claimed` bytes of data and ends with those it holds. */
function lying(parts: WavParts, held: Uint8Array, claimed: number): Buffer {
  const file = wav({ ...parts, data: held, dataSize: claimed })
  return file.subarray(0, file.length - (held.length % 2))
}

const odd8 = sine(pcm8, FRAMES)
const stereo24 = sine(pcm24, FRAMES, 2)
const list = chunk('LIST', Buffer.from('INFOodd'))

const odd: Readonly<Record<string, Buffer>> = {
  'chunks around the data': wav({ ...pcm16, data: sine(pcm16, FRAMES), before: [list], after: [list] }),
  'odd data, and a pad byte': wav({ ...pcm8, data: odd8, after: [list] }),
  'odd data, and no pad byte': wav({ ...pcm8, data: odd8 }).subarray(0, 44 + odd8.length),
  'a partial frame': wav({ ...pcm24, channels: 2, data: stereo24.subarray(0, -1), after: [list] }),
  'a streamed size': lying(pcm16, sine(pcm16, FRAMES), 0xffffffff),
  'a streamed size, odd': lying(pcm8, odd8, 0xffffffff),
  'a size beyond the end, and a partial frame': lying(
    { ...pcm24, channels: 2 },
    stereo24.subarray(0, -2),
    stereo24.length,
  ),
  'odd whole frames, and a partial one where the pad byte goes': lying(
    { ...pcm24, channels: 3 },
    stereo24.subarray(0, 9 * 701 + 5),
    1e6,
  ),
  'bytes after the last chunk': Buffer.concat([wav({ ...float32, data: sine(float32, FRAMES) }), Buffer.from('rest')]),
  'data at a place that is no multiple of a sample': wav({
    ...float32,
    data: sine(float32, FRAMES),
    before: [chunk('odd ', Buffer.alloc(1)), chunk('even', Buffer.alloc(2))],
  }),
  RIFX: wav({ ...pcm24, container: 'RIFX', channels: 2, data: turned(stereo24, 24), after: [list] }),
  'RIFX of float64': wav({ ...float64, container: 'RIFX', data: turned(sine(float64, FRAMES), 64) }),
  'RIFX, streamed': lying({ ...pcm16, container: 'RIFX' }, turned(sine(pcm16, FRAMES), 16), 0xffffffff),
  RF64: wav({ ...pcm16, container: 'RF64', data: sine(pcm16, FRAMES), after: [list] }),
  'RF64, never finished': wav({ ...pcm8, container: 'RF64', data: odd8, longSizes: { riff: 0n, data: 0n } }).subarray(
    0,
    -1,
  ),
  'BW64, cut short': wav({ ...pcm16, container: 'BW64', data: sine(pcm16, FRAMES), longSizes: { data: 1n << 33n } }),
  'fewer valid bits': wav({ ...pcm24, channels: 2, data: stereo24, extensible: true, validBits: 20 }),
  'fewer valid bits, in RIFX': wav({ bits: 12, container: 'RIFX', data: turned(sine(pcm16, FRAMES), 16) }),
  'a block align and a byte rate that are wrong': wav({ ...pcm16, data: sine(pcm16, FRAMES), blockAlign: 8 }),
  'no frames': wav(),
  'no frames, and a size that lies': lying({}, new Uint8Array(0), 100),
  'not a WAV': Buffer.from('certainly not a WAV file'),
  'too short for a header': Buffer.from('RIFF'),
  'nothing at all': Buffer.alloc(0),
  'a header cut short': wav().subarray(0, 30),
  'no data chunk': wav().subarray(0, 36),
}

const levels: readonly NoiseSpec[] = [{ sigma: 0.05 }, { snr: 10, seed: 'corpus', clip: false }, { sigma: 0 }]

describeBackends('whole files in memory', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  /** Works on a file both ways. Returns what both came to: 'done', or the code of the error. */
  async function compare(title: string, file: Buffer, options: NoiseSpec): Promise<string> {
    const { bytes, result } = await asFile(pool, file, { ...options, key: title })
    for (const inPlace of [false, true]) {
      // At an odd place of larger memory, in which all else stays as it is.
      const memory = new Uint8Array(file.length + 12).fill(0xa5)
      const given = memory.subarray(5, 5 + file.length)
      given.set(file)
      let figures: SampleFigures | undefined
      const onFigures = (told: SampleFigures) => {
        figures = told
      }
      const work = addNoiseToWav(given, { ...options, key: title, pool, inPlace, onFigures })
      if (bytes === undefined) {
        const { code, received } = result.error!
        await expect(work, title).rejects.toMatchObject({ name: 'NoisemillError', code, received })
        expect(figures, title).toBeUndefined()
      } else {
        const noisy = await work
        expect(Buffer.from(noisy).equals(bytes), `${title}, in place: ${inPlace}`).toBe(true)
        expect(common(figures!), title).toEqual(common(result))
        // What is decoded has memory of its own.
        const fits = bytes.length <= file.length && result.codec === null
        expect(noisy.buffer === memory.buffer, title).toBe(inPlace && fits)
        if (inPlace && fits) expect(noisy.byteOffset, title).toBe(5)
      }
      if (!inPlace || bytes === undefined) expect(file.equals(given), `${title}: the input stays`).toBe(true)
      const around = [...memory.subarray(0, 5), ...memory.subarray(5 + file.length)]
      expect(new Set(around), title).toEqual(new Set([0xa5]))
    }
    return result.error?.code ?? 'done'
  }

  corpusTest('of the corpus are done, or refused, as they are on disk', async () => {
    const files = audioOf()
    expect(files.length).toBeGreaterThan(250)
    const came: Record<string, number> = {}
    for (const [i, name] of files.entries()) {
      // All levels for each would take their time: they take turns.
      const outcome = await compare(name, readFileSync(path.join(corpus, name)), levels[i % levels.length])
      came[outcome] = (came[outcome] ?? 0) + 1
    }
    expect(came.done).toBeGreaterThan(150)
    expect(Object.keys(came).length).toBeGreaterThan(4)
  })

  for (const [name, file] of Object.entries(odd))
    test(`with ${name} are as on disk`, async () => {
      for (const level of levels) await compare(name, file, level)
    })

  test('read by wavefile hold the noise, and true sizes', async () => {
    for (const format of formats) {
      // It reads 24 and 32 bits and floats as it should, and the streamed size is gone.
      const file = lying({ ...format, channels: 2 }, sine(format, FRAMES, 2), 0x7ffff000)
      const noisy = await addNoiseToWav(file, { sigma: 0.1, pool })
      const reader = new wavefile.WaveFile(noisy)
      const [left, right] = reader.getSamples(false, Float64Array) as unknown as [Float64Array, Float64Array]
      expect([left.length, right.length]).toEqual([FRAMES, FRAMES])
      const scale = format.name.startsWith('float') ? 1 : 2 ** (format.bits - 1)
      const zero = format.bits === 8 ? 128 : 0
      for (const channel of [left, right]) {
        // What sine() put there.
        const added = Array.from(channel, (value, i) => (value - zero) / scale - 0.25 * Math.sin(i * 0.05))
        const deviation = Math.sqrt(added.reduce((sum, value) => sum + value * value, 0) / FRAMES)
        // Five standard errors, and what sine() rounds.
        expect(Math.abs(deviation / 0.1 - 1), format.name).toBeLessThan(5 / Math.sqrt(2 * FRAMES) + 0.001)
      }
      expect(noisy.length).toBe(44 + FRAMES * 2 * (format.bits / 8))
    }
  })

  test('may be Buffers or lie in shared memory', async () => {
    const file = odd['chunks around the data']
    const expected = await addNoiseToWav(Uint8Array.from(file), { sigma: 0.1, pool })
    const shared = new Uint8Array(new SharedArrayBuffer(file.length + 3), 3)
    for (const given of [Buffer.from(file), shared]) {
      given.set(file)
      expect(Buffer.from(await addNoiseToWav(given, { sigma: 0.1, pool })).equals(expected)).toBe(true)
      expect(file.equals(given)).toBe(true)
      const noisy = await addNoiseToWav(given, { sigma: 0.1, pool, inPlace: true })
      expect(noisy.buffer).toBe(given.buffer)
      expect(Buffer.from(given).equals(expected)).toBe(true)
    }
  })
})
