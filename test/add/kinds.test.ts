/**
 * Tests a kind of noise with parameters in all layers: flags, help, journal, border, kernels, parts of long files,
 * samples in memory.
 */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { addNoise, addNoiseToFiles, addNoiseToWav } from '../../dist/index.js'
import { present } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { hashesBelow, JOURNAL, sharedFolder, temporaryFolder } from '../support/folders.js'
import { jsonOf, noisemill } from '../support/programs.js'
import { formats, HEADER_BYTES, sine, wav } from '../support/wav.js'

const env = { NOISEMILL_TEST_KINDS: '1' }
const sway = ['--kind', 'sway', '--pole', '0.5', '--swing', '440', '--sigma', '0.05', '--seed', '1']

const clean = sharedFolder()
writeFiles(clean, {
  'stereo.wav': wav({ channels: 2, sampleRate: 44_100, data: sine(formats[1], 20_001, 2) }),
  // Three parts, which several threads take: each starts in the middle of the signal, one of them in the middle of a
  // block of the kind.
  'long.wav': wav({ ...formats[4], sampleRate: 8000, data: sine(formats[4], 2_200_000) }),
})

async function add(out: string, ...flags: string[]) {
  return noisemill(['add', clean, '--out', out, '--json', ...flags], { env })
}

const runs = [
  ...present.map((backend) => ['--backend', backend]),
  ...present.filter((name) => name !== 'native').map((backend) => ['--backend', backend, '--kernel', 'ts']),
  ...present.map((backend) => ['--backend', backend, '--jobs', '3', '--chunk-size', '2']),
]

test('every backend and kernel makes the same bytes of it', async () => {
  const all: Record<string, string>[] = []
  for (const flags of runs) {
    const out = temporaryFolder()
    const ended = await add(out, ...sway, ...flags)
    expect([flags, ended.code, ended.stderr]).toEqual([flags, 0, ''])
    all.push(hashesBelow(out))
  }
  expect(new Set(all.map((hashes) => JSON.stringify(hashes))).size).toBe(1)
  // Another value of each parameter is other noise.
  for (const flags of [
    ['--pole', '0.6'],
    ['--swing', '500'],
  ]) {
    const out = temporaryFolder()
    await add(out, ...sway, ...flags)
    expect(hashesBelow(out)['long.wav']).not.toBe(all[0]['long.wav'])
  }
})

describe('its parameters', () => {
  test('are flags with units, ranges and defaults in the help', async () => {
    const { stdout } = await noisemill(['add', '--help'], { env })
    const text = stdout.replaceAll(/\s+/g, ' ')
    expect(text).toMatch(/--pole <x> sway: pole of the low-pass filter, 0 to 0.999 ratio \(default: 0.9\)/)
    expect(text).toMatch(/--swing <x> sway: reversals of the sign a second, 1 to 100000 Hz \(default: 10\)/)
  })

  test('are not there for users', async () => {
    const { stdout } = await noisemill(['add', '--help'])
    expect(stdout).not.toContain('sway')
    expect(stdout).not.toContain('--pole')
    const { code, stderr } = await noisemill([
      'add',
      clean,
      '--out',
      temporaryFolder(),
      ...sway.slice(0, 2),
      '--snr',
      '1',
    ])
    expect([code, stderr]).toEqual([2, expect.stringContaining('E_OPTION_INVALID')])
  })

  test.each([
    ['--pole', '1'],
    ['--pole', '-0.1'],
    ['--swing', '0.5'],
    ['--swing', 'nan'],
  ])('are refused out of range, by their flag: %s %s', async (flag, value) => {
    const { code, stderr } = await add(temporaryFolder(), ...sway, flag, value)
    expect([code, stderr]).toEqual([2, expect.stringMatching(new RegExp(`${flag}: .*E_OPTION_INVALID`))])
  })

  test('are recorded: --resume skips with the same, and names those that differ', async () => {
    const out = temporaryFolder()
    await add(out, ...sway)
    expect(readFileSync(path.join(out, JOURNAL), 'utf8')).toContain('"parameters":{"pole":0.5,"swing":440}')
    const again = jsonOf(await add(out, ...sway, '--resume'))
    expect(again.summary).toMatchObject({ skipped: 2, done: 0 })
    const other = await add(out, ...sway.map((text) => (text === '0.5' ? '0.6' : text)), '--resume')
    expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/parameters was .*E_RESUME_SETTINGS/)])
  })
})

describe('in memory', () => {
  const noise = { kind: 'sway', parameters: { pole: 0.5, swing: 440 }, snr: 10, seed: 1 }
  beforeEach(() => vi.stubEnv('NOISEMILL_TEST_KINDS', '1'))
  afterEach(() => vi.unstubAllEnvs())

  test.each([
    ['long.wav', 1, 8000, Float32Array],
    ['stereo.wav', 2, 44_100, Int16Array],
  ] as const)('it is that of the file %s, when the sample rate is told', async (key, channels, sampleRate, Type) => {
    const out = temporaryFolder()
    for await (const { error } of addNoiseToFiles(path.join(clean, key), { ...noise, out })) if (error) throw error
    const expected = readFileSync(path.join(out, key))
    const file = readFileSync(path.join(clean, key))
    expect(expected.equals(await addNoiseToWav(file, { ...noise, key }))).toBe(true)
    const samples = new Type(Uint8Array.from(file.subarray(HEADER_BYTES)).buffer)
    const noisy = await addNoise(samples, { ...noise, key, channels, sampleRate })
    expect(expected.subarray(HEADER_BYTES).equals(Buffer.from(noisy.buffer))).toBe(true)
  })

  test.each([undefined, 0, 2 ** 32, 44_100.5])('it is refused with the sample rate %s', async (sampleRate) => {
    const options = { ...noise, ...(sampleRate !== undefined && { sampleRate }) }
    await expect(addNoise(new Int16Array(8), options)).rejects.toMatchObject({
      code: 'E_OPTION_INVALID',
      option: 'sampleRate',
    })
  })
})
