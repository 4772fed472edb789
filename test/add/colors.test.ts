/** Uniform and coloured noise in all layers, and the errors of their parameters. */

import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { addNoise, addNoiseToFiles, type NoiseOptions, noiseTask } from '../../dist/index.js'
import { present } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, sharedFolder, temporaryFolder } from '../support/folders.js'
import { jsonOf, noisemill } from '../support/programs.js'
import { formats, sine, wav } from '../support/wav.js'

const clean = sharedFolder()
writeFiles(clean, {
  'stereo.wav': wav({ channels: 2, sampleRate: 44_100, data: sine(formats[1], 20_001, 2) }),
  // Three parts, which several threads take. They begin within blocks of coloured noise.
  'long.wav': wav({ ...formats[4], sampleRate: 8000, data: sine(formats[4], 2_200_000) }),
})

const runs = [
  ...present.map((backend) => ['--backend', backend, '--jobs', '2']),
  ...present.filter((name) => name !== 'native').map((backend) => ['--backend', backend, '--kernel', 'ts']),
]

test.each([
  ['uniform', []],
  ['pink', ['--low', '30']],
  ['violet', []],
  ['color', ['--slope', '-7.5', '--low', '100']],
])('every backend and kernel makes the same bytes of the kind %s', async (kind, flags) => {
  const all: Record<string, string>[] = []
  for (const run of runs) {
    const out = temporaryFolder()
    const ended = await noisemill(['add', clean, '--out', out, '--sigma', '0.1', '--kind', kind, ...flags, ...run])
    expect([run, ended.code]).toEqual([run, 0])
    all.push(hashesBelow(out))
  }
  expect(new Set(all.map((hashes) => JSON.stringify(hashes))).size).toBe(1)
})

describe('a `low` that the sample rate of a file does not allow', () => {
  test('fails this file, by its code, its rate, the range and the flag', async () => {
    const out = temporaryFolder()
    const flags = ['--kind', 'brown', '--low', '5000', '--snr', '10', '--json']
    const ended = await noisemill(['add', clean, '--out', out, ...flags])
    const { files } = jsonOf(ended)
    const long = files.find(({ input }) => input.endsWith('long.wav'))!
    expect(long).toMatchObject({ status: 'failed', error: { code: 'E_NOISE_LOW' } })
    expect(ended.stderr).toMatch(/long\.wav: .*8000 allows 0\.16 to 2000 Hz.* Pass a --low .*E_NOISE_LOW/)
    expect([ended.code, filesBelow(out).filter((name) => name.endsWith('.wav'))]).toEqual([1, ['stereo.wav']])
  })

  test.each(present)('is found without writing, by %s', async (backend) => {
    const options = {
      out: temporaryFolder(),
      sigma: 0.1,
      kind: 'pink',
      parameters: { low: 0.01 },
      dryRun: true,
      backend,
    }
    for await (const { status, error } of addNoiseToFiles(path.join(clean, 'long.wav'), options))
      expect([status, error?.code]).toEqual(['failed', 'E_NOISE_LOW'])
  })

  test('is refused for samples in memory', async () => {
    const options = { sigma: 0.1, kind: 'blue', sampleRate: 16 }
    await expect(addNoise(new Float32Array(100), options)).rejects.toMatchObject({
      code: 'E_NOISE_LOW',
      received: 'the sample rate 16 allows 0.001 to 4 Hz',
    })
  })
})

test.each([
  ['color', { slope: 12.1 }, 'slope'],
  ['color', { slope: Number.NaN }, 'slope'],
  ['color', { slope: '-3' }, 'slope'],
  ['pink', { low: 0 }, 'low'],
  ['pink', { low: Number.POSITIVE_INFINITY }, 'low'],
])('%s refuses the parameters %j', (kind, parameters, option) => {
  const options = { out: 'out', sigma: 0.1, kind, parameters } as NoiseOptions
  expect(() => noiseTask(options)).toThrow(expect.objectContaining({ code: 'E_OPTION_INVALID', option }))
})

test.each([
  ['pink', { slope: -3 }],
  ['uniform', { low: 20 }],
])('%s does not know the parameters %j', (kind, parameters) => {
  const options = { out: 'out', sigma: 0.1, kind, parameters } as NoiseOptions
  expect(() => noiseTask(options)).toThrow(expect.objectContaining({ code: 'E_OPTION_UNKNOWN' }))
})
