/**
 * Headers with faults that are read nevertheless: their warnings, the bytes that are kept, and that `strict` refuses
 * them.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addNoiseToWav, type NoiseOptions, noiseTask, Pool, type SampleFigures } from '../../../dist/index.js'
import { describeBackends } from '../../support/backends.js'
import { temporaryFolder } from '../../support/folders.js'
import { chunk, formats, sine, type WavParts, wav } from '../../support/wav.js'

const FRAMES = 4096 + 33 // a noise block, a step of its generator, and one more
const [pcm8, pcm16, pcm24, pcm32, float32, float64] = formats

interface Case {
  readonly name: string
  readonly file: Buffer
  readonly warnings: readonly string[]
  /** The same samples in a file that is as it should be, where all else but the fmt chunk is equal. */
  readonly proper?: Buffer
}

/** A file whose fmt chunk says something else, and one in which it is true. */
function contradicting(
  name: string,
  warnings: readonly string[],
  format: (typeof formats)[number],
  lies: WavParts,
): Case {
  const channels = lies.channels ?? 1
  const data = sine(format, FRAMES, channels)
  const after = [chunk('LIST', Buffer.from('INFOodd'))]
  const proper = wav({ ...format, channels, data, after })
  return { name, warnings, file: wav({ ...format, data, after, ...lies }), proper }
}

const rates = (name: string, format: (typeof formats)[number], byteRate: number) =>
  contradicting(name, ['W_BYTE_RATE'], format, { byteRate })

const cases: readonly Case[] = [
  rates('byte rate 0', pcm16, 0),
  rates('a byte rate one too high', pcm24, 48_001),
  rates('the byte rate of twice the bits', float32, 128_000),
  // Of 4294967295 frames a second the field has room for the lower 32 bits; those are true.
  { name: 'the largest sample rate', warnings: [], file: wav({ data: sine(pcm16, FRAMES), sampleRate: 0xffffffff }) },
  ...[
    [pcm8, 1, 2],
    [pcm8, 3, 5],
    [pcm16, 1, 0],
    [pcm16, 1, 1],
    [pcm16, 1, 4],
    [pcm16, 2, 2],
    [pcm16, 3, 1023],
    [pcm24, 1, 6],
    [pcm24, 2, 12],
    [pcm24, 3, 3],
    [pcm32, 1, 0],
    [pcm32, 2, 4],
    [float32, 2, 4],
    [float64, 1, 4],
  ].map((parts) => {
    const [format, channels, blockAlign] = parts as [(typeof formats)[number], number, number]
    const byteRate = 16000 * channels * (format.bits / 8)
    const name = `block align ${blockAlign} of ${channels} x ${format.name}`
    return contradicting(name, ['W_BLOCK_ALIGN'], format, { channels, blockAlign, byteRate })
  }),
  contradicting('a block align and its byte rate', ['W_BYTE_RATE', 'W_BLOCK_ALIGN'], pcm16, { blockAlign: 4 }),
  {
    name: 'all there are',
    warnings: ['W_SIZE_UNKNOWN', 'W_PARTIAL_FRAME', 'W_BYTE_RATE', 'W_BLOCK_ALIGN'],
    file: wav({ ...pcm16, blockAlign: 8, byteRate: 1, dataSize: 0xffffffff, data: Buffer.alloc(4097) }).subarray(0, -1),
  },
  { name: 'a cut', warnings: ['W_DATA_CUT_SHORT'], file: wav({ data: sine(pcm16, FRAMES), dataSize: 9000 }) },
  { name: 'nothing', warnings: [], file: wav({ data: sine(pcm16, FRAMES) }) },
]

describeBackends('headers that are not as they should be', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  async function run(options: NoiseOptions, fileOf: (one: Case) => Buffer | undefined) {
    const folder = temporaryFolder()
    const items = cases.map((one, i) => {
      const input = path.join(folder, `${i}.wav`)
      writeFileSync(input, fileOf(one) ?? one.file)
      return { input, key: one.name, output: path.join(folder, 'out', `${i}.wav`) }
    })
    return { results: await pool.map(noiseTask(options), items), out: path.join(folder, 'out') }
  }

  for (const options of [{ sigma: 0.05 }, { snr: 10 }, { sigma: 0 }])
    test(`are warned of, left as they are, and change nothing else, at ${JSON.stringify(options)}`, async () => {
      const { results } = await run(options, ({ file }) => file)
      const { results: expected } = await run(options, ({ proper }) => proper)
      cases.forEach(({ name, file, warnings, proper }, i) => {
        const silent = 'snr' in options && name === 'all there are' ? ['W_SILENT'] : []
        expect(results[i], name).toMatchObject({ status: 'done', warnings: [...warnings, ...silent] })
        if (!proper) return
        const output = readFileSync(results[i].output)
        expect(output.subarray(0, 44).equals(file.subarray(0, 44)), name).toBe(true)
        expect(output.subarray(44).equals(readFileSync(expected[i].output).subarray(44)), name).toBe(true)
        expect(results[i].snr, name).toBe(expected[i].snr)
      })
    })

  test('are refused by strict, with the names of all warnings, before anything is written', async () => {
    for (const options of [{ sigma: 0.05 }, { snr: 10 }, { sigma: 0.05, dryRun: true }]) {
      const { results, out } = await run({ ...options, strict: true }, ({ file }) => file)
      const isDry = 'dryRun' in options
      cases.forEach(({ name, warnings }, i) => {
        const { status, error, output } = results[i]
        if (warnings.length === 0) expect(status, name).toBe(isDry ? 'planned' : 'done')
        else expect(error, name).toMatchObject({ code: 'E_WAV_STRICT', received: warnings.join(', ') })
        expect(existsSync(output), name).toBe(status === 'done')
      })
      expect(existsSync(out)).toBe(!isDry)
    }
  })

  test('are warned of, or refused, in memory too', async () => {
    for (const { name, file, warnings } of cases) {
      let figures: SampleFigures | undefined
      const onFigures = (told: SampleFigures) => {
        figures = told
      }
      await addNoiseToWav(file, { sigma: 0.1, pool, onFigures })
      expect(figures?.warnings, name).toEqual(warnings)
      const strict = addNoiseToWav(file, { sigma: 0.1, pool, strict: true })
      if (warnings.length === 0) await strict
      else await expect(strict, name).rejects.toMatchObject({ code: 'E_WAV_STRICT', received: warnings.join(', ') })
    }
  })
})
