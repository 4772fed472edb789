/** The noise task: how items and options determine outputs and their noise. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FileItem, type FileResult, type NoiseOptions, noiseTask, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { pcm16 } from '../support/wav.js'

const DRAWS = 100

describeBackends('the noise task', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  /** A folder with a file of each name. */
  function place(...names: string[]): (name: string) => string {
    const folder = temporaryFolder()
    for (const name of names) writeFileSync(path.join(folder, name), pcm16(5000))
    return (name) => path.join(folder, name)
  }
  const noisy = (options: NoiseOptions, items: FileItem[]): Promise<FileResult[]> => pool.map(noiseTask(options), items)
  const bytesOf = ({ output }: FileResult) => readFileSync(output).toString('base64')

  test('the seed decides the noise, and its text is the seed', async () => {
    const at = place('a.wav')
    const outputs: Record<string, string> = {}
    for (const [name, seed] of Object.entries({
      number: 7,
      text: '7',
      big: 7n,
      padded: '07',
      other: 8,
      none: undefined,
      zero: 0,
    })) {
      const options = { out: at(name), sigma: 0.1, ...(seed !== undefined && { seed }) }
      const [result] = await noisy(options, [at('a.wav')])
      expect(result.seed).toBe(String(seed ?? 0))
      outputs[name] = bytesOf(result)
    }
    expect([outputs.text, outputs.big]).toEqual([outputs.number, outputs.number])
    expect(outputs.none).toBe(outputs.zero)
    expect(new Set(Object.values(outputs)).size).toBe(4) // 7, 07, 8, 0
  })

  test('copies have numbers in their names and noise of their own; the first has that of a single run', async () => {
    const names = ['a.wav', 'b.c.wav', 'none']
    const at = place(...names)
    const single = await noisy({ out: at('single'), sigma: 0.1 }, names.map(at))
    const copies = await noisy({ out: at('copies'), sigma: 0.1, copies: 3 }, names.map(at))
    expect(filesBelow(at('copies'))).toEqual([
      'a.1.wav',
      'a.2.wav',
      'a.3.wav',
      'b.c.1.wav',
      'b.c.2.wav',
      'b.c.3.wav',
      'none.1',
      'none.2',
      'none.3',
    ])
    expect(copies.map(({ key, copy }) => `${key} ${copy}`)).toEqual(
      names.flatMap((name) => [1, 2, 3].map((n) => `${name} ${n}`)),
    )
    expect(new Set(copies.map(bytesOf)).size).toBe(9)
    expect(copies.filter(({ copy }) => copy === 1).map(bytesOf)).toEqual(single.map(bytesOf))
  })

  test('each file and copy gets its own uniform draw from a range, the same every time', async () => {
    const at = place('a.wav')
    const drawn = async (options: NoiseOptions, name = 'a.wav') => {
      const results = await noisy({ out: at('out'), copies: DRAWS, dryRun: true, ...options }, [
        { input: at('a.wav'), key: name },
      ])
      return results.map(({ sigma }) => sigma!)
    }
    const [low, high] = [0.1, 0.3]
    const sigmas = await drawn({ sigma: [low, high] })
    expect(Math.min(...sigmas)).toBeGreaterThanOrEqual(low)
    expect(Math.max(...sigmas)).toBeLessThanOrEqual(high)
    expect(new Set(sigmas).size).toBe(DRAWS)
    const mean = sigmas.reduce((sum, sigma) => sum + sigma, 0) / DRAWS
    // 4 standard errors of the mean of draws that are uniform.
    expect(Math.abs(mean - (low + high) / 2)).toBeLessThan((4 * (high - low)) / Math.sqrt(12 * DRAWS))
    expect(await drawn({ sigma: [low, high] })).toEqual(sigmas)
    expect(await drawn({ sigma: [low, high], seed: 1 })).not.toEqual(sigmas)
    expect(await drawn({ sigma: [low, high] }, 'b.wav')).not.toEqual(sigmas)
    expect(new Set(await drawn({ sigma: [low, low] }))).toEqual(new Set([low]))
    // In decibels: the same draws, on a scale of their own.
    const decibels = (await drawn({ snr: [5, 20] })).map((sigma) => -20 * Math.log10(sigma))
    const [first] = decibels
    decibels.forEach((value, i) => {
      expect(value - first).toBeCloseTo((-15 * (sigmas[0] - sigmas[i])) / (high - low), 9)
    })
  })

  test('the noise follows from the key, or from the path below the root, and not from the location of the file', async () => {
    const [here, there] = [place('a.wav', 'b.wav'), place('a.wav', 'b.wav')]
    const out = here('out')
    const noiseOf = async (root: string, item: FileItem) => {
      const [result] = await noisy({ out, root, sigma: 0.1, overwrite: true }, [item])
      expect(result.error).toBeUndefined()
      return bytesOf(result)
    }
    const expected = await noiseOf(here(''), here('a.wav'))
    expect(await noiseOf(there(''), there('a.wav'))).toBe(expected)
    expect(await noiseOf(there(''), { input: there('b.wav'), key: 'a.wav' })).toBe(expected)
    expect(await noiseOf(there(''), { input: here('b.wav'), key: 'a.wav', output: there('c.wav') })).toBe(expected)
    expect(await noiseOf(there(''), { input: there('a.wav'), key: './a.wav' })).not.toBe(expected)
    expect(await noiseOf(there(''), there('b.wav'))).not.toBe(expected)
    expect(await noiseOf(path.dirname(there('')), there('a.wav'))).not.toBe(expected)
  })

  test('a dry run reports what would be done, and writes nothing', async () => {
    const at = place('a.wav', 'b.wav')
    writeFileSync(at('b.wav'), 'no WAV file')
    for (const level of [{ sigma: [0.1, 0.2] as const }, { snr: 12 }]) {
      const dry = await noisy({ out: at('out'), dryRun: true, ...level }, [at('a.wav'), at('b.wav')])
      expect(filesBelow(at(''))).toEqual(['a.wav', 'b.wav'])
      const out = path.join(temporaryFolder(), 'out')
      const real = await noisy({ out, ...level }, [at('a.wav'), at('b.wav')])
      expect(dry.map(({ status }) => status)).toEqual(['planned', 'failed'])
      const { sigma, frames, format, key, bytesIn, bytesOut } = real[0]
      expect(dry[0]).toMatchObject({
        sigma,
        frames,
        format,
        key,
        bytesIn,
        bytesOut,
        clipped: null,
        snr: null,
        output: at('out/a.wav'),
      })
      expect(dry[1].error?.toJSON()).toEqual(real[1].error?.toJSON())
    }
  })

  test('an invalid item fails, and the others are processed', async () => {
    const at = place('a.wav')
    const wrong: unknown[] = [
      '',
      'a\0b',
      7,
      null,
      undefined,
      {},
      new URL('http://example.com/a'),
      new URL('file:///a%2Fb'), // a name with a slash in it
      new URL('file:///a%FFb'), // no UTF-8
      new URL('file://elsewhere/a'),
      Symbol('item'),
      ['a.wav'],
      { input: '' },
      { input: at('a.wav'), key: '' },
      { input: at('a.wav'), key: 'a\0b' },
      { input: at('a.wav'), output: 7 },
      { input: at('a.wav'), output: new URL('file:///a%2Fb') },
      path.join(at(''), '../outside.wav'),
    ]
    const results = await noisy({ out: at('out'), root: at(''), sigma: 0.1 }, [...(wrong as FileItem[]), at('a.wav')])
    expect(results.map(({ status, error }) => error?.code ?? status)).toEqual([
      ...wrong.map(() => 'E_ITEM_INVALID'),
      'done',
    ])
    const [nowhere] = await noisy({ sigma: 0.1 }, [at('a.wav')])
    expect(nowhere.error?.code).toBe('E_ITEM_INVALID')
  })
})
