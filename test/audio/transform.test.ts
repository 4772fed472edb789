/** `transformTask`: what functions get, what becomes of what they return, and what is refused. */

import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  NoisemillError,
  type Pool,
  type RunOptions,
  type TransformItem,
  type TransformOptions,
  type TransformResult,
  transformTask,
} from '../../dist/index.js'
import { tsKernels } from '../../dist-lib/core/kernels.js'
import { gaussian } from '../../dist-lib/core/noise/gaussian.js'
import { GeneratedSource } from '../../dist-lib/core/noise/generated.js'
import { draw } from '../../dist-lib/core/noise/keys.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { describePlaces, describeWorkers, testPool } from '../support/pools.js'
import { posixTest } from '../support/systems.js'
import { chunk, formats, pcm16, sine, turned, wav } from '../support/wav.js'

const module = new URL('../support/tasks/audio.mjs', import.meta.url)

interface Given {
  readonly pool?: Pool
  readonly options?: TransformOptions
  readonly run?: RunOptions
}

/** Runs a function on a file. Returns the result, and the bytes of the output, if there is one. */
async function transformed(
  name: string,
  bytes: Uint8Array,
  { pool = testPool({ backend: 'inline' }), options = {}, run = {} }: Given = {},
): Promise<{ result: TransformResult; output: Buffer; folder: string }> {
  const folder = temporaryFolder()
  const input = path.join(folder, 'a.wav')
  writeFileSync(input, bytes)
  const task = transformTask(module, name, { out: path.join(folder, 'out'), ...options })
  const [result] = await pool.map(task, [input], run)
  const output = result.status === 'done' && result.output !== '' ? readFileSync(result.output) : Buffer.alloc(0)
  return { result, output, folder }
}

const int16 = (values: readonly number[]) => Buffer.from(Int16Array.from(values).buffer)
const frames = 5001
const ramp = Array.from({ length: frames }, (_, i) => ((i * 37) % 60_000) - 30_000)

describePlaces('with the backend %s', (backend) => {
  test('samples change in place, by another array, and later', async () => {
    const pool = testPool({ backend })
    const expected = wav({ data: int16(ramp.map((x) => 2 * Math.floor(x / 4))) })
    const even = wav({ data: int16(ramp.map((x) => 4 * Math.floor(x / 4))) })
    for (const name of ['gain', 'gainOf', 'laterGain']) {
      const { result, output } = await transformed(name, even, { pool, options: { data: 0.5 } })
      expect(result).toMatchObject({ status: 'done', frames, channels: 1, format: 'pcm16', clipped: 0, warnings: [] })
      expect(output.equals(expected)).toBe(true)
    }
  })

  test('setup makes the second argument', async () => {
    const options = { setup: 'prepared', data: 1 }
    const { output } = await transformed('gain', wav({ data: int16([1, -2, 3]) }), {
      pool: testPool({ backend }),
      options,
    })
    expect(output.equals(wav({ data: int16([2, -4, 6]) }))).toBe(true)
  })

  test('random numbers depend on seed, key and copy alone', async () => {
    const pool = testPool({ backend })
    const silent = wav({ tag: 3, bits: 32, data: new Uint8Array(4 * 9001) })
    for (const name of ['gaussian', 'uniform']) {
      const values = async (options: TransformOptions) => {
        const { output } = await transformed(name, silent, { pool, options })
        return new Float32Array(output.buffer.slice(output.byteOffset + 44, output.byteOffset + output.length))
      }
      const whole = await values({ seed: 1 })
      expect(await values({ seed: 1, blocks: 100 })).toEqual(whole)
      expect(await values({ seed: 1, blocks: true })).toEqual(whole)
      expect(await values({ seed: 2 })).not.toEqual(whole)
      const mean = whole.reduce((sum, x) => sum + x, 0) / whole.length
      const power = whole.reduce((sum, x) => sum + x * x, 0) / whole.length
      expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(whole.length))
      expect(Math.abs(power / (name === 'gaussian' ? 1 : 1 / 12) - 1)).toBeLessThan(0.1)
    }
  })

  test('what a function throws is the cause, and no file is left', async () => {
    for (const [name, cause] of Object.entries({ throwing: 'RangeError: too short', rejecting: 'TypeError: later' })) {
      const { result, folder } = await transformed(name, pcm16(), { pool: testPool({ backend }) })
      expect(result.status).toBe('failed')
      expect(result.error).toBeInstanceOf(NoisemillError)
      expect(result.error).toMatchObject({ code: 'E_TASK_FAILED', path: path.join(folder, 'a.wav') })
      expect(String(result.error!.cause)).toBe(cause)
      expect(filesBelow(folder)).toEqual(['a.wav'])
    }
  })

  test('a function that waits too long fails, and leaves no file', async () => {
    for (const name of ['sleeping', 'late']) {
      const options = { blocks: 1000 }
      const pool = testPool({ backend })
      const { result, folder } = await transformed(name, pcm16(), { pool, options, run: { timeout: 100 } })
      expect(result.error?.code).toBe('E_TIMEOUT')
      await new Promise((resolve) => setTimeout(resolve, 500))
      expect(filesBelow(folder)).toEqual(['a.wav'])
    }
  })

  test('samples are handed on', async () => {
    const folder = temporaryFolder()
    const input = path.join(folder, 'a.wav')
    writeFileSync(input, wav({ data: int16([100, 200, 300]) }))
    const item = { samples: [Float32Array.of(0.5, 1, 1.5), Float32Array.of(2, 3, 4)], sampleRate: 8000, key: 'given' }
    for (const blocks of [false, 2]) {
      const results = await testPool({ backend }).map(transformTask(module, 'decimate', { blocks }), [input, item])
      expect(results.map(({ output, status, frames }) => [output, status, frames])).toEqual([
        ['', 'done', 2],
        ['', 'done', 2],
      ])
      expect(results.map((result) => (result.status === 'failed' ? undefined : result.audio))).toEqual([
        { channels: [Float32Array.of(100 / 32768, 300 / 32768)], sampleRate: 8000 },
        { channels: [Float32Array.of(0.5, 1.5), Float32Array.of(2, 4)], sampleRate: 4000 },
      ])
    }
    expect(item.samples[0]).toEqual(Float32Array.of(0.5, 1, 1.5))
    expect(filesBelow(folder)).toEqual(['a.wav'])
  })
})

describeWorkers('with the backend %s', (backend) => {
  test('a function that never ends, or ends its worker, costs its file and leaves nothing', async () => {
    for (const [name, code] of Object.entries({ endless: 'E_TIMEOUT', ending: 'E_WORKER_DIED' })) {
      const pool = testPool({ backend })
      const { result, folder } = await transformed(name, pcm16(), {
        pool,
        options: { blocks: 1000 },
        // Only what never ends: on a busy machine the other may take longer than that.
        run: name === 'endless' ? { timeout: 200 } : {},
      })
      expect(result.error?.code).toBe(code)
      expect(filesBelow(folder)).toEqual(['a.wav'])
    }
  })

  test('a file that a worker left is tried again', async () => {
    const run: RunOptions = { retries: { attempts: 1 } }
    const { result, output } = await transformed('onlyOnce', pcm16(), {
      pool: testPool({ backend }),
      options: { blocks: 1000 },
      run,
    })
    expect(result.status).toBe('done')
    expect(output.equals(pcm16())).toBe(true)
  })
})

describe('files', () => {
  test.for([...formats])('of the format $name keep all bytes, whole and in blocks', async (format) => {
    const info = chunk('LIST', Buffer.from('INFOISFT\x04\x00\x00\x00test'))
    for (const container of ['RIFF', 'RIFX', 'RF64'] as const) {
      for (const channels of [1, 3]) {
        const data = sine(format, 3001, channels, 0.9)
        const parts = { container, tag: format.tag, bits: format.bits, channels }
        const cue = chunk('cue ', Buffer.alloc(5), undefined, container)
        const file = wav({
          ...parts,
          data: container === 'RIFX' ? turned(data, format.bits) : data,
          before: container === 'RIFX' ? [cue] : [info, cue],
          after: [cue],
        })
        for (const blocks of [false, true, 1000]) {
          const { result, output } = await transformed('same', file, { options: { blocks } })
          // Only these formats hold values that a float32 does not.
          const isWide = format.name === 'pcm32' || format.name === 'float64'
          expect(result).toMatchObject({ status: 'done', warnings: isWide ? ['W_ROUNDED'] : [], dropped: [] })
          expect(output.length).toBe(file.length)
          if (!isWide) expect(output.equals(file)).toBe(true)
        }
      }
    }
  })

  test('other frames and another rate: sizes are right, and chunks with frame numbers are left out', async () => {
    const info = chunk('LIST', Buffer.from('INFOISFT\x04\x00\x00\x00test'))
    const labels = chunk('LIST', Buffer.from('adtl'))
    const odd = chunk('odd ', Buffer.from('abc'))
    const cue = chunk('cue ', Buffer.alloc(28, 1))
    const bext = chunk('bext', Buffer.alloc(602, 1))
    const data = int16(ramp)
    const file = wav({ data, before: [bext, info], after: [cue, odd, labels, info] })
    const every2nd = int16(ramp.filter((_, i) => i % 2 === 0))
    const decimated = await transformed('decimate', file)
    expect(decimated.result).toMatchObject({
      frames: 2501,
      sampleRate: 8000,
      dropped: ['bext', 'cue', 'adtl'],
      warnings: ['W_METADATA_DROPPED'],
    })
    const empty = chunk('JUNK', Buffer.alloc(602))
    const expected = wav({ data: every2nd, sampleRate: 8000, before: [empty, info], after: [odd, info] })
    expect(decimated.output.equals(expected)).toBe(true)
    expect(decimated.result.bytesOut).toBe(expected.length)
    const halved = await transformed('firstHalf', file)
    expect(halved.result).toMatchObject({ frames: 2500, sampleRate: 16000, dropped: ['cue', 'adtl'] })
    expect(
      halved.output.equals(wav({ data: int16(ramp.slice(0, 2500)), before: [bext, info], after: [odd, info] })),
    ).toBe(true)
  })

  test.for(['RIFF', 'RIFX', 'RF64'] as const)('other channels in %s', async (container) => {
    const turn = (data: Buffer) => (container === 'RIFX' ? turned(data, 16) : data)
    const fact = chunk('fact', Buffer.from([7, 0, 0, 0]), undefined, container)
    const stereo = (values: number[]) => values.flatMap((x) => [x, x])
    const parts = { container, before: container === 'RIFX' ? [] : [fact] }
    const mono = wav({ ...parts, data: turn(int16(ramp)) })
    const both = wav({ ...parts, channels: 2, data: turn(int16(stereo(ramp))) })
    const number = Buffer.alloc(4)
    number.writeUInt32LE(frames)
    const known = { ...parts, before: container === 'RIFX' ? [] : [chunk('fact', number, undefined, container)] }
    const wide = await transformed('toStereo', mono)
    expect(wide.result.channels).toBe(2)
    expect(wide.output.equals(wav({ ...known, channels: 2, data: turn(int16(stereo(ramp))) }))).toBe(true)
    const narrow = await transformed('toMono', both)
    expect(narrow.output.equals(wav({ ...known, data: turn(int16(ramp)) }))).toBe(true)
  })

  test.for(['RIFF', 'RIFX', 'RF64'] as const)(
    'a fact after the samples has their number, too: %s',
    async (container) => {
      const turn = (data: Buffer) => (container === 'RIFX' ? turned(data, 16) : data)
      const withFact = (samples: number[]) => {
        const number = Buffer.alloc(4)
        if (container === 'RIFX') number.writeUInt32BE(samples.length)
        else number.writeUInt32LE(samples.length)
        const chunks = [['odd ', Buffer.from('abcd')] as const, ['fact', number] as const]
        const after = chunks.map(([id, body]) => chunk(id, body, undefined, container))
        return wav({ container, data: turn(int16(samples)), after })
      }
      const { output } = await transformed('firstHalf', withFact(ramp))
      expect(output.equals(withFact(ramp.slice(0, ramp.length / 2)))).toBe(true)
    },
  )

  test('fields of the argument can be replaced, and the channel mask of EXTENSIBLE goes', async () => {
    const masked = wav({ extensible: true, channels: 2, data: int16([1, 2, 3, 4]) })
    masked.writeUInt32LE(3, 20 + 20)
    const { output } = await transformed('toMono', masked)
    expect(output.equals(wav({ extensible: true, channels: 1, data: int16([1, 3]) }))).toBe(true)
    const negative = await transformed('replaced', wav({ data: int16([1, -2]) }))
    expect(negative.output.equals(wav({ sampleRate: 11025, data: int16([-1, 2]) }))).toBe(true)
  })

  test('data of an odd number of bytes, and what follows them', async () => {
    const odd = chunk('odd ', Buffer.from('abcd'))
    const bytes = Buffer.from([128, 130, 126])
    const file = wav({ bits: 8, data: bytes, after: [odd] })
    const half = await transformed('firstHalf', wav({ bits: 8, data: Buffer.from([1, 2, 3, 4, 5, 6]), after: [odd] }))
    expect(half.output.equals(wav({ bits: 8, data: Buffer.from([1, 2, 3]), after: [odd] }))).toBe(true)
    expect(
      (await transformed('toStereo', file)).output.equals(
        wav({ bits: 8, channels: 2, data: Buffer.from([128, 128, 130, 130, 126, 126]), after: [odd] }),
      ),
    ).toBe(true)
    // A tag after the last chunk is none.
    const tag = Buffer.from('TAG and a song')
    const tagged = await transformed('toStereo', Buffer.concat([file, tag]))
    expect(tagged.output.subarray(-tag.length).equals(tag)).toBe(true)
    expect(tagged.output.readUInt32LE(4) + 8).toBe(tagged.output.length - tag.length)
  })

  test('a header that does not know its sizes is completed', async () => {
    const file = wav({ data: int16(ramp), dataSize: 0xffffffff, riffSize: 0xffffffff })
    const { result, output } = await transformed('same', file)
    expect(result.warnings).toEqual(['W_SIZE_UNKNOWN'])
    expect(output.equals(wav({ data: int16(ramp) }))).toBe(true)
    const { output: half } = await transformed('firstHalf', file)
    expect(half.equals(wav({ data: int16(ramp.slice(0, 2500)) }))).toBe(true)
  })

  test('coded samples are decoded', async () => {
    const codes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const { result, output } = await transformed('same', wav({ tag: 7, bits: 8, data: codes, fields: [] }))
    expect(result).toMatchObject({ status: 'done', codec: 'mu-law', format: 'pcm16', frames: 256 })
    // The largest values of G.711.
    expect(output.readInt16LE(44)).toBe(-32124)
    expect(output.readInt16LE(44 + 2 * 128)).toBe(32124)
  })

  test('PCM is rounded half to even, and values beyond its range are counted', async () => {
    const values = [1, 3, 5, -1, -3, -5, 30_000, -30_000]
    const half = await transformed('gain', wav({ data: int16(values) }), { options: { data: 0.5 } })
    expect(half.output.equals(wav({ data: int16([0, 2, 2, 0, -2, -2, 15_000, -15_000]) }))).toBe(true)
    const double = await transformed('gain', wav({ data: int16(values) }), { options: { data: 2 } })
    expect(double.output.equals(wav({ data: int16([2, 6, 10, -2, -6, -10, 32_767, -32_768]) }))).toBe(true)
    expect(double.result).toMatchObject({ clipped: 2, warnings: ['W_CLIPPED'] })
    // 12 valid bits in 16.
    const padded = { extensible: true, validBits: 12 }
    const few = await transformed('gain', wav({ ...padded, data: int16([16, 48, 160]) }), { options: { data: 0.5 } })
    expect(few.output.equals(wav({ ...padded, data: int16([0, 32, 80]) }))).toBe(true)
  })

  test('floats keep values beyond full scale', async () => {
    const floats = (...values: number[]) =>
      wav({ tag: 3, bits: 32, data: Buffer.from(Float32Array.from(values).buffer) })
    const { result, output } = await transformed('gain', floats(0.75, -1, 3), { options: { data: 4 } })
    expect(result).toMatchObject({ clipped: 0, warnings: [] })
    expect(output.equals(floats(3, -4, 12))).toBe(true)
  })

  test('what is not finite in the input may stay, but none may come in', async () => {
    const floats = (...values: number[]) =>
      wav({ tag: 3, bits: 32, data: Buffer.from(Float32Array.from(values).buffer) })
    const odd = floats(0.5, Number.NaN, 0.25, Number.POSITIVE_INFINITY)
    const kept = await transformed('gain', odd, { options: { data: 0.5 } })
    expect(kept.result).toMatchObject({ status: 'done', warnings: ['W_NON_FINITE'] })
    const spread = await transformed('lowpass', odd)
    expect(spread.result.error).toMatchObject({ code: 'E_TRANSFORM_RESULT' })
    for (const file of [pcm16(), floats(...Array.from({ length: 100 }, () => 0.5))]) {
      for (const [name, received] of Object.entries({
        notANumber: 'NaN in channel 0 at frame 17',
        infinite: '-Infinity in channel 0 at frame 3',
      })) {
        const { result, folder } = await transformed(name, file)
        expect(result.error).toMatchObject({ code: 'E_TRANSFORM_RESULT', received })
        expect(filesBelow(folder)).toEqual(['a.wav'])
      }
    }
  })

  test('a function without an effect on an empty file, and one that leaves nothing', async () => {
    const empty = await transformed('same', wav())
    expect(empty.result).toMatchObject({ status: 'done', frames: 0, warnings: ['W_EMPTY'] })
    expect(empty.output.equals(wav())).toBe(true)
    const gone = await transformed('nothingLeft', pcm16())
    expect(gone.result).toMatchObject({ status: 'done', frames: 0, warnings: ['W_EMPTY'] })
    expect(gone.output.equals(wav())).toBe(true)
  })
})

test('random numbers are those of the key that docs/numerics.md describes', async () => {
  const digest = createHash('sha256')
    .update('noisemill\0' + '1\0' + 'a seed\0' + 'a.wav\0' + '1\0\0random')
    .digest()
  const key = { low: digest.readUInt32LE(0), high: digest.readUInt32LE(4) }
  const silent = wav({ tag: 3, bits: 32, data: new Uint8Array(4 * 5000) })
  const values = async (name: string) => {
    const { output } = await transformed(name, silent, { options: { seed: 'a seed' } })
    return new Float32Array(output.buffer.slice(output.byteOffset + 44, output.byteOffset + output.length))
  }
  const signal = { channels: 1, sampleRate: 0, frames: 5000 }
  const source = new GeneratedSource(gaussian, { key, parameters: new Float64Array(), ...signal }, tsKernels)
  const expected = new Float32Array(5024)
  source.fill(0, 0, expected, 5000)
  expect(await values('gaussian')).toEqual(expected.slice(0, 5000))
  const drawn = Float32Array.from({ length: 5000 }, (_, n) => draw(key, 0xfffffffe, n) - 0.5)
  expect(await values('uniform')).toEqual(drawn)
})

describe('blocks', () => {
  test('the state goes from block to block, and is that of one file', async () => {
    const folder = temporaryFolder()
    const names = ['a.wav', 'b.wav'].map((name) => path.join(folder, name))
    for (const name of names) writeFileSync(name, pcm16())
    const outputs = await Promise.all(
      [false, 1, 1000, 4096, true].map(async (blocks) => {
        const task = transformTask(module, 'lowpass', { out: path.join(folder, String(blocks)), blocks })
        const results = await testPool({ backend: 'inline' }).map(task, names)
        return results.map(({ output }) => readFileSync(output).toString('base64'))
      }),
    )
    for (const output of outputs) expect(output).toEqual([outputs[0][0], outputs[0][0]])
  })

  test('the number of frames may change from block to block', async () => {
    const data = int16(ramp)
    for (const blocks of [false, 1000, 5001]) {
      const { output } = await transformed('delay', wav({ data }), { options: { blocks } })
      expect(output.equals(wav({ data: Buffer.concat([Buffer.alloc(200), data]) }))).toBe(true)
    }
  })

  test('channels and rate may not', async () => {
    for (const [name, received] of Object.entries({
      changing: '2 channels after blocks of 1',
      changingRate: 'the sample rate 16000 after blocks of 8000',
    })) {
      const { result } = await transformed(name, pcm16(), { options: { blocks: 1000 } })
      expect(result.error).toMatchObject({ code: 'E_TRANSFORM_RESULT', received })
    }
  })

  test('functions learn where a block is', async () => {
    const folder = temporaryFolder()
    const told = path.join(folder, 'told')
    const input = path.join(folder, 'in.wav')
    writeFileSync(input, wav({ channels: 2, data: Buffer.alloc(4 * 250) }))
    const task = transformTask(module, 'told', { out: folder, data: told, blocks: 100, copies: 2 })
    await testPool({ backend: 'inline' }).map(task, [{ input, key: 'the key' }])
    const common = { sampleRate: 16000, format: 'pcm16', frames: 250, input, key: 'the key', state: {}, attempt: 1 }
    const block = (copy: number, frame: number, length: number) => ({
      ...common,
      copy,
      frame,
      isLast: frame + length === 250,
      lengths: [length, length],
    })
    const lines = readFileSync(told, 'utf8').trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      [1, 2].flatMap((copy) => [block(copy, 0, 100), block(copy, 100, 100), block(copy, 200, 50)]),
    )
  })
})

describe('refusals', () => {
  test.for([
    ['oneArray', 'the function returned an object (Float32Array)'],
    ['doubles', 'channels[0] is an object (Float64Array)'],
    ['uneven', 'channels[0] has 10000 frames, and channels[1] has 9999'],
    ['noChannels', '0 channels'],
    ['noChannelsLeft', 'channels is undefined'],
    ['aText', 'the function returned "done"'],
    ['isNull', 'the function returned null'],
    ['oddRate', 'the sample rate 0.5'],
  ])('%s: %s', async ([name, received]) => {
    const { result, folder } = await transformed(name, pcm16())
    expect(result.error).toMatchObject({ code: 'E_TRANSFORM_RESULT', received, path: path.join(folder, 'a.wav') })
    expect(filesBelow(folder)).toEqual(['a.wav'])
  })

  test('items', async () => {
    const samples = new Float32Array(3)
    const good = { samples, sampleRate: 8000, key: 'a.wav' }
    const folder = temporaryFolder()
    const items = [
      { ...good, sampleRate: 0 },
      { ...good, samples: [1, 2] },
      { ...good, samples: [samples, new Float32Array(2)] },
      { ...good, samples: [] },
      { ...good, key: '../a.wav' },
      { ...good, key: '/a.wav' },
      { ...good, key: 7 },
      { ...good, format: 'mp3' },
      { ...good, other: 1 },
    ]
    const results = await testPool({ backend: 'inline' }).map(
      transformTask(module, 'same', { out: folder }),
      items as unknown as TransformItem[],
    )
    expect(results.map(({ error }) => error?.code)).toEqual(items.map(() => 'E_ITEM_INVALID'))
    expect(filesBelow(folder)).toEqual([])
  })

  test('options', () => {
    const made = (options: object) => () => transformTask(module, 'same', options)
    expect(made({ blocks: 0 })).toThrow(/blocks/)
    expect(made({ blocks: 'yes' })).toThrow(/blocks/)
    expect(made({ seed: 0.5 })).toThrow(/seed/)
    expect(made({ snr: 10 })).toThrow(/snr/)
    expect(made({ verify: true })).toThrow(/verify/)
    expect(made({ copies: 0 })).toThrow(/copies/)
    expect(made({ setup: '' })).toThrow(/setup/)
    expect(() => transformTask('./relative.js')).toThrow(/url/)
  })

  test('a function that does not exist fails each file', async () => {
    const { result } = await transformed('missing', pcm16())
    expect(result.error?.code).toBe('E_TASK_LOAD')
  })
})

describe('outputs', () => {
  test('existing files stay, two items do not share an output, and inputs are never written to', async () => {
    const folder = temporaryFolder()
    const at = (name: string) => path.join(folder, name)
    for (const name of ['a.wav', 'b.wav']) writeFileSync(at(name), pcm16())
    writeFileSync(at('kept.wav'), 'mine')
    const pool = testPool({ backend: 'inline' })
    const codes = async (items: TransformItem[], options: TransformOptions = {}) =>
      (await pool.map(transformTask(module, 'same', options), items)).map(({ error, status }) => error?.code ?? status)
    expect(await codes([{ input: at('a.wav'), output: at('kept.wav') }])).toEqual(['E_OUTPUT_EXISTS'])
    expect(readFileSync(at('kept.wav'), 'utf8')).toBe('mine')
    expect(
      await codes([
        { input: at('a.wav'), output: at('new.wav') },
        { input: at('b.wav'), output: at('new.wav') },
      ]),
    ).toEqual(['done', 'E_OUTPUT_CLASH'])
    expect(
      await codes([at('a.wav'), { input: at('b.wav'), output: at('a.wav') }], { out: at('o'), overwrite: true }),
    ).toEqual(['done', 'E_OUTPUT_IS_INPUT'])
  })

  test('a dry run calls nothing and writes nothing', async () => {
    const { result, folder } = await transformed('throwing', pcm16(), { options: { dryRun: true } })
    expect(result).toMatchObject({ status: 'planned', frames: 10_000, clipped: null, bytesOut: null })
    expect(filesBelow(folder)).toEqual(['a.wav'])
  })

  test('copies', async () => {
    const { folder } = await transformed('gaussian', pcm16(), { options: { copies: 2 } })
    expect(filesBelow(folder)).toEqual(['a.wav', 'out/a.1.wav', 'out/a.2.wav'])
    expect(readFileSync(path.join(folder, 'out/a.1.wav')).equals(readFileSync(path.join(folder, 'out/a.2.wav')))).toBe(
      false,
    )
  })

  test('samples become a file of the format that the item asks for', async () => {
    const folder = temporaryFolder()
    const samples = Float32Array.from({ length: 100 }, (_, i) => i / 128)
    const items = formats.map(({ name }) => ({
      samples: [samples, samples],
      sampleRate: 8000,
      key: `${name}.wav`,
      format: name,
    }))
    const results = await testPool({ backend: 'inline' }).map(
      transformTask(module, 'same', { out: folder }),
      items as TransformItem[],
    )
    expect(results.map(({ status }) => status)).toEqual(formats.map(() => 'done'))
    for (const format of formats) {
      const read = readFileSync(path.join(folder, `${format.name}.wav`))
      const data = read.subarray(44)
      expect(read.equals(wav({ tag: format.tag, bits: format.bits, channels: 2, sampleRate: 8000, data }))).toBe(true)
      expect(data.length).toBe((200 * format.bits) / 8)
    }
    expect(readFileSync(path.join(folder, 'pcm16.wav')).readInt16LE(44 + 4 * 64)).toBe(16384)
  })

  posixTest('have the permissions of the input', async () => {
    const folder = temporaryFolder()
    const input = path.join(folder, 'a.wav')
    writeFileSync(input, pcm16(), { mode: 0o640 })
    const out = path.join(folder, 'out')
    await testPool({ backend: 'inline' }).map(transformTask(module, 'same', { out }), [input])
    expect(statSync(path.join(out, 'a.wav')).mode & 0o777).toBe(0o640)
  })
})
