/** Warnings about the samples of inputs and outputs, and the causes that the command line names. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AddNoiseOptions, addNoiseToFiles, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { temporaryFolder } from '../support/folders.js'
import { jsonOf, linesOf, noisemill } from '../support/programs.js'
import { collect } from '../support/sources.js'
import { formats, HEADER_BYTES, PCM16_FRAMES, pcm16, sine, wav } from '../support/wav.js'

const float = (amplitude: number) => wav({ tag: 3, bits: 32, data: sine(formats[4], PCM16_FRAMES, 1, amplitude) })

/** The share of samples that are at a limit, of a file of 32-bit floats. */
function shareAtLimits(file: string): number {
  const data = readFileSync(file).subarray(HEADER_BYTES)
  const values = Array.from({ length: data.length / 4 }, (_, i) => data.readFloatLE(4 * i))
  return values.filter((value) => Math.abs(value) === 1).length / values.length
}

describeBackends('warnings of samples', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  async function warningsOf(files: Readonly<Record<string, Buffer>>, options: Partial<AddNoiseOptions>) {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    writeFiles(path.join(folder, 'in'), files)
    const results = await collect(addNoiseToFiles(path.join(folder, 'in'), { out, pool, ...options }))
    return { out, warnings: Object.fromEntries(results.map(({ key, warnings }) => [key, warnings])) }
  }

  test('W_CLIPPED: clipping changed more than one sample in a hundred', async () => {
    const { out, warnings } = await warningsOf(
      { 'hot.wav': float(4), 'loud.wav': float(0.995), 'soft.wav': float(0.1) },
      { sigma: 0.004 },
    )
    const shares = Object.fromEntries(Object.keys(warnings).map((name) => [name, shareAtLimits(path.join(out, name))]))
    expect(shares['hot.wav']).toBeGreaterThan(0.8)
    expect(shares['loud.wav']).toBeGreaterThan(0)
    expect(shares['loud.wav']).toBeLessThan(0.01)
    expect(warnings).toEqual({ 'hot.wav': ['W_CLIPPED'], 'loud.wav': [], 'soft.wav': [] })
  })

  test('no W_CLIPPED without clipping, or before it was measured', async () => {
    for (const option of [{ clip: false }, { dryRun: true }]) {
      const { warnings } = await warningsOf({ 'hot.wav': float(4) }, { sigma: 0.004, ...option })
      expect(warnings).toEqual({ 'hot.wav': [] })
    }
  })

  test.each([{ sigma: 0.1 }, { snr: 10 }, { snr: 10, dryRun: true }])(
    'W_EMPTY: a file without samples is no silent one: %o',
    async (options) => {
      const { warnings } = await warningsOf({ 'empty.wav': wav(), 'silent.wav': pcm16(100, 0) }, options)
      expect(warnings).toEqual({ 'empty.wav': ['W_EMPTY'], 'silent.wav': options.snr === 10 ? ['W_SILENT'] : [] })
    },
  )

  /** Runs the command on one file. Returns the results with W_SNR_OFF, and the lines on stderr that name it. */
  async function snrOff(file: Buffer, ...flags: string[]) {
    const cwd = temporaryFolder()
    writeFiles(cwd, { 'in/a.wav': file })
    const ended = await noisemill(['add', 'in', '--out', 'out', '--backend', backend, '--json', ...flags], { cwd })
    return {
      off: jsonOf(ended).files.filter(({ warnings }) => warnings.includes('W_SNR_OFF')),
      lines: linesOf(ended.stderr).filter((line) => line.includes('W_SNR_OFF')),
    }
  }

  test.each([
    ['clipping \\(\\d+ samples\\)', pcm16(), ['--snr', '-30']],
    ['rounding to pcm16', pcm16(undefined, 0.001), ['--snr', '60']],
    ['chance \\(there is 1 sample\\)', wav({ data: Buffer.from([0, 64]) }), ['--snr', '20', '--seed', '1']],
  ])('W_SNR_OFF names the cause: %s', async (cause, file, flags) => {
    const { off, lines } = await snrOff(file, ...flags)
    expect(off).toHaveLength(1)
    expect(lines).toEqual([expect.stringMatching(new RegExp(`\\(W_SNR_OFF\\)\\. Likely cause: ${cause}\\.$`))])
  })

  test.each([
    ['clipping', pcm16(), '-30', 3],
    ['rounding to pcm16', pcm16(undefined, 0.001), '60', 3],
    ['chance (there is 1 sample)', wav({ data: Buffer.from([0, 64]) }), '20', 20],
  ] as const)('W_SNR_OFF names the copies beside the code, in one line: %s', async (cause, file, snr, copies) => {
    const { off, lines } = await snrOff(file, '--snr', snr, '--copies', `${copies}`)
    expect(off.length).toBeGreaterThan(1)
    expect(lines).toHaveLength(1)
    const [, named, causes] = /\(W_SNR_OFF; copies ([^)]*)\)\. Likely cause: (.*)\.$/.exec(lines[0])!
    expect(numbersIn(named)).toEqual(off.map(({ copy }) => copy).sort((a, b) => a - b))
    const counts = off.map(({ clipped }) => clipped)
    const clipped = `clipping (${Math.min(...counts)} to ${Math.max(...counts)} samples)`
    expect(causes).toBe(cause === 'clipping' ? clipped : cause)
  })
})

/** The numbers of a list such as '1 to 3, 5'. */
const numbersIn = (list: string) =>
  list.split(', ').flatMap((range) => {
    const [first, last = first] = range.split(' to ').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
