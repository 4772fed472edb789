/** Warnings about the samples of inputs and outputs, and the causes that the command line names. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { temporaryFolder } from '../support/folders.js'
import { jsonOf, linesOf, noisemill } from '../support/programs.js'
import { formats, HEADER_BYTES, PCM16_FRAMES, pcm16, sine, wav } from '../support/wav.js'

const float = (amplitude: number) => wav({ tag: 3, bits: 32, data: sine(formats[4], PCM16_FRAMES, 1, amplitude) })

/** The share of samples that are at a limit, of a file of 32-bit floats. */
function shareAtLimits(file: string): number {
  const data = readFileSync(file).subarray(HEADER_BYTES)
  const values = Array.from({ length: data.length / 4 }, (_, i) => data.readFloatLE(4 * i))
  return values.filter((value) => Math.abs(value) === 1).length / values.length
}

describeBackends('warnings of samples', (backend) => {
  async function warningsOf(files: Readonly<Record<string, Buffer>>, ...flags: string[]) {
    const cwd = temporaryFolder()
    writeFiles(path.join(cwd, 'in'), files)
    const args = ['add', 'in', '--out', 'out', '--backend', backend, '--json', ...flags]
    const ended = await noisemill(args, { cwd })
    const rows = jsonOf(ended).files.map(({ key, warnings }) => [key, warnings] as const)
    return { cwd, warnings: Object.fromEntries(rows), stderr: linesOf(ended.stderr) }
  }

  test('W_CLIPPED: clipping changed more than one sample in a hundred', async () => {
    const { cwd, warnings } = await warningsOf(
      { 'hot.wav': float(4), 'loud.wav': float(0.995), 'soft.wav': float(0.1) },
      ...['--sigma', '0.004'],
    )
    const shares = Object.fromEntries(
      Object.keys(warnings).map((name) => [name, shareAtLimits(path.join(cwd, 'out', name))]),
    )
    expect(shares['hot.wav']).toBeGreaterThan(0.8)
    expect(shares['loud.wav']).toBeGreaterThan(0)
    expect(shares['loud.wav']).toBeLessThan(0.01)
    expect(warnings).toEqual({ 'hot.wav': ['W_CLIPPED'], 'loud.wav': [], 'soft.wav': [] })
  })

  test('no W_CLIPPED without clipping, or before it was measured', async () => {
    for (const flag of ['--no-clip', '--dry-run']) {
      const { warnings } = await warningsOf({ 'hot.wav': float(4) }, '--sigma', '0.004', flag)
      expect(warnings).toEqual({ 'hot.wav': [] })
    }
  })

  test.each([
    ['--sigma', '0.1'],
    ['--snr', '10'],
    ['--snr', '10', '--dry-run'],
  ])('W_EMPTY: a file without samples is no silent one: %s %s %s', async (...flags) => {
    const { warnings } = await warningsOf({ 'empty.wav': wav(), 'silent.wav': pcm16(100, 0) }, ...flags)
    expect(warnings).toEqual({ 'empty.wav': ['W_EMPTY'], 'silent.wav': flags[0] === '--snr' ? ['W_SILENT'] : [] })
  })

  test.each([
    ['clipping \\(\\d+ samples\\)', pcm16(), ['--snr', '-30']],
    ['rounding to pcm16', pcm16(undefined, 0.001), ['--snr', '60']],
    ['chance \\(there is 1 sample\\)', wav({ data: Buffer.from([0, 64]) }), ['--snr', '20', '--seed', '1']],
  ])('W_SNR_OFF names the cause: %s', async (cause, file, flags) => {
    const { warnings, stderr } = await warningsOf({ 'a.wav': file }, ...flags)
    expect(warnings['a.wav']).toContain('W_SNR_OFF')
    const lines = stderr.filter((line) => line.includes('W_SNR_OFF'))
    expect(lines).toEqual([expect.stringMatching(new RegExp(`\\(W_SNR_OFF\\)\\. Likely cause: ${cause}\\.$`))])
  })

  test.each([
    ['clipping', pcm16(), '-30', 3],
    ['rounding to pcm16', pcm16(undefined, 0.001), '60', 3],
    ['chance (there is 1 sample)', wav({ data: Buffer.from([0, 64]) }), '20', 20],
  ] as const)('W_SNR_OFF names the copies beside the code, in one line: %s', async (cause, file, snr, copies) => {
    const cwd = temporaryFolder()
    writeFiles(cwd, { 'in/a.wav': file })
    const args = ['add', 'in', '--out', 'out', '--backend', backend, '--snr', snr, '--copies', `${copies}`, '--json']
    const ended = await noisemill(args, { cwd })
    const off = jsonOf(ended).files.filter(({ warnings }) => warnings.includes('W_SNR_OFF'))
    expect(off.length).toBeGreaterThan(1)
    const lines = linesOf(ended.stderr).filter((line) => line.includes('W_SNR_OFF'))
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
