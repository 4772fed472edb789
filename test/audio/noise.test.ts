/** The noise that `transformTask` adds before or after the function. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import {
  noiseTask,
  type TransformedFile,
  type TransformOptions,
  transformFiles,
  transformTask,
} from '../../dist/index.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { describePlaces, testPool } from '../support/pools.js'
import { collect } from '../support/sources.js'
import { formats, sine, wav } from '../support/wav.js'

const module = new URL('../support/tasks/audio.mjs', import.meta.url)
const tags = { 16: 1, 32: 3 } as const

function place(bits: 16 | 32 = 16, frames = 9000) {
  const folder = temporaryFolder()
  const at = (name: string) => path.join(folder, name)
  const format = formats.find((known) => known.bits === bits && known.tag === tags[bits])!
  const data = sine(format, frames, 1, 0.25)
  writeFileSync(at('a.wav'), wav({ tag: format.tag, bits, data }))
  return { at }
}

const floatsOf = (file: string) => {
  const bytes = readFileSync(file)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + bytes.length))
}

/** Ratio of the powers of a signal and of what was added to it, in decibels. */
function ratio(signal: Float32Array, mixture: Float32Array): number {
  const power = (values: Float32Array) => values.reduce((sum, x) => sum + x * x, 0)
  return 10 * Math.log10(power(signal) / power(mixture.map((x, i) => x - signal[i])))
}

describePlaces('with the backend %s', (backend) => {
  test('noise before the function is that of noise tasks', async () => {
    const { at } = place()
    const pool = testPool({ backend })
    const noise = { snr: [5, 20], kind: 'pink' } as const
    const [noisy] = await pool.map(noiseTask({ ...noise, seed: 3, out: at('noisy') }), [at('a.wav')])
    for (const blocks of [false, 1000]) {
      const options: TransformOptions = { out: at(`b${blocks}`), seed: 3, noise: { before: noise }, blocks }
      const [result] = await pool.map(transformTask(module, 'same', options), [at('a.wav')])
      expect(readFileSync(result.output).equals(readFileSync(noisy.output))).toBe(true)
      const { kind, drawn, snr, sigma, clipped, seed } = noisy
      expect((result as TransformedFile).noise).toMatchObject({ before: { kind, drawn, snr, sigma, clipped, seed } })
      expect(result).toMatchObject({ status: 'done', bytesIn: noisy.bytesIn, bytesOut: noisy.bytesOut, warnings: [] })
    }
    expect(filesBelow(at('.'))).toEqual(['a.wav', 'b1000/a.wav', 'bfalse/a.wav', 'noisy/a.wav'])
  })

  test('noise after the function has the SNR against what the function returned', async () => {
    const { at } = place(32)
    const pool = testPool({ backend })
    const clean = floatsOf(at('a.wav')).map((x) => 2 * x)
    const run = async (noise: TransformOptions['noise'], out: string) => {
      const task = transformTask(module, 'gain', { out: at(out), data: 2, ...(noise && { noise }) })
      const [result] = await pool.map(task, [at('a.wav')])
      expect(result.status).toBe('done')
      return { result: result as TransformedFile, samples: floatsOf(result.output) }
    }
    const after = await run({ after: { snr: 10, exactSnr: true } }, 'after')
    expect(ratio(clean, after.samples)).toBeCloseTo(10, 3)
    expect(after.result.noise?.after?.snr).toBeCloseTo(10, 3)
    expect(after.result.noise?.before).toBeUndefined()
    // The two are different noise, although nothing but their moment differs.
    const before = await run({ before: { snr: 10, exactSnr: true } }, 'before')
    expect(ratio(clean, before.samples)).toBeCloseTo(10, 3)
    expect(ratio(before.samples, after.samples)).toBeLessThan(12)
    const both = await run({ before: { snr: 10 }, after: { dbfs: -20 } }, 'both')
    expect(Object.keys(both.result.noise!)).toEqual(['before', 'after'])
    expect(filesBelow(at('.'))).toEqual(['a.wav', 'after/a.wav', 'before/a.wav', 'both/a.wav'])
  })
})

test('files that fail leave nothing', async () => {
  const { at } = place()
  const pool = testPool({ backend: 'inline' })
  const noise = { before: { snr: 10 }, after: { snr: 10, clip: 'error', level: { peak: 0 } } } as const
  const codes = await Promise.all(
    ['throwing', 'aText', 'nothingLeft'].map(async (name) => {
      const [{ error, status }] = await pool.map(transformTask(module, name, { out: at(name), noise }), [at('a.wav')])
      return error?.code ?? status
    }),
  )
  expect(codes).toEqual(['E_TASK_FAILED', 'E_TRANSFORM_RESULT', 'done'])
  const silent = { after: { snr: 10, silent: 'error' } } as const
  const task = transformTask(module, 'gain', { out: at('silent'), data: 0, noise: silent })
  expect((await pool.map(task, [at('a.wav')]))[0].error?.code).toBe('E_SIGNAL_SILENT')
  expect(filesBelow(at('.'))).toEqual(['a.wav', 'nothingLeft/a.wav'])
})

test('is part of what is resumed, and results of skipped files have its figures', async () => {
  const { at } = place()
  const run = (snr: number, resume: boolean) =>
    collect(transformFiles(at('a.wav'), module, 'same', { out: at('out'), resume, noise: { before: { snr } } }))
  const [done] = await run(10, false)
  const [skipped] = await run(10, true)
  expect(skipped).toEqual({ ...done, status: 'skipped' })
  await expect(run(11, true)).rejects.toMatchObject({ code: 'E_RESUME_SETTINGS' })
})

test('a dry run adds none', async () => {
  const { at } = place()
  const options = { out: at('out'), dryRun: true, noise: { before: { snr: 10 } } }
  const [result] = await testPool({ backend: 'inline' }).map(transformTask(module, 'same', options), [at('a.wav')])
  expect(result).toMatchObject({ status: 'planned', frames: 9000 })
  expect(result).not.toHaveProperty('noise')
  expect(filesBelow(at('.'))).toEqual(['a.wav'])
})

test('wrong calls', async () => {
  const { at } = place()
  const make = (noise: unknown) => () => transformTask(module, 'same', { noise } as TransformOptions)
  expect(make({ between: { snr: 10 } })).toThrow(/between/)
  expect(make({ before: {} })).toThrow(expect.objectContaining({ code: 'E_LEVEL_MISSING', option: 'noise.before' }))
  const wrong = { before: { snr: 5 }, after: { snr: 5, level: { rms: 1 } } }
  expect(make(wrong)).toThrow(expect.objectContaining({ option: 'noise.after.level' }))
  expect(make({ before: 5 })).toThrow(expect.objectContaining({ option: 'noise.before', expected: 'an object' }))
  expect(make({ before: { snr: { values: [1, 2] }, snrMode: 'each' } })).toThrow(/snrMode/)
  expect(make({ after: { snr: 10, silent: 'skip' } })).toThrow(/silent/)
  expect(make({ after: { snr: 10, out: 'x' } })).toThrow(/out/)
  const samples = { samples: new Float32Array(10), sampleRate: 8000, key: 'b.wav' }
  const noise = { before: { snr: 10 } }
  const pool = testPool({ backend: 'inline' })
  const given = await pool.map(transformTask(module, 'same', { out: at('out'), noise }), [samples])
  const handedOn = await pool.map(transformTask(module, 'same', { noise }), [at('a.wav')])
  expect([...given, ...handedOn].map(({ error }) => error?.code)).toEqual(['E_ITEM_INVALID', 'E_ITEM_INVALID'])
})
