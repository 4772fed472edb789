/**
 * The same seed gives the same bytes with every backend, number of threads and chunk size, and other programs can read
 * them.
 */

import path from 'node:path'
import { describe, expect } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { audioOf, corpus, corpusTest } from '../support/corpus.js'
import { hashesBelow, temporaryFolder } from '../support/folders.js'
import { type Json, jsonOf, noisemill } from '../support/programs.js'
import { hasModule, hasSox, linesOfOutput, outputOf, python } from '../support/readers.js'
import { snrError } from '../support/statistics.js'

const speech = path.join(corpus, 'lhotse-speech+lhotse')

/** Adds noise to the corpus' speech; resolves to what was said of each output. */
async function addTo(out: string, ...flags: string[]): Promise<Json[]> {
  const ended = await noisemill(['add', speech, '--out', out, '--snr', '10', '--seed', '1', '--json', ...flags])
  expect([ended.code, ended.stderr]).toEqual([0, ''])
  return jsonOf(ended).files
}

const plain = ['--backend', 'inline', '--jobs', '1', '--chunk-size', '1']
let reference: Promise<Record<string, string>> | undefined

/** Hashes of what the plain loop makes. */
function plainHashes(): Promise<Record<string, string>> {
  const out = temporaryFolder()
  reference ??= addTo(out, ...plain).then(() => hashesBelow(out))
  return reference
}

describeBackends('outputs are those of the plain loop', (backend) => {
  for (const jobs of ['1', '2'])
    corpusTest(`with --jobs ${jobs}, in chunks of 1 and of 7 files`, async () => {
      const hashes = await Promise.all(
        ['1', '7'].map(async (chunkSize) => {
          const out = temporaryFolder()
          await addTo(out, '--backend', backend, '--jobs', jobs, '--chunk-size', chunkSize)
          return hashesBelow(out)
        }),
      )
      const plain = await plainHashes()
      expect(hashes).toEqual([plain, plain])
      expect(Object.keys(plain)).toEqual(audioOf('lhotse-speech+lhotse'))
    })
})

describe.skipIf(!hasSox())('SoX (needs it)', () => {
  corpusTest('reads every output as what it is', async () => {
    const files = await addTo(temporaryFolder())
    const columns = ['-s', '-c', '-r', '-p'].map((flag) =>
      linesOfOutput('soxi', [flag, ...files.map(({ output }) => output)]),
    )
    // Significant bits, as SoX has them: those of a float's fraction, its hidden one and its sign.
    const bits: Record<string, number> = { pcm16: 16, float32: 25 }
    for (const [i, { output, frames, channels, sampleRate, format }] of files.entries()) {
      const asked = columns.map((column) => Number(column[i]))
      expect([output, ...asked]).toEqual([output, frames, channels, sampleRate, bits[format]])
    }
  })
})

/** Reads pairs of files and prints the SNR of each, in decibels. */
const SCIPY_SNR = `
import json, sys
import numpy, scipy.io.wavfile
for job in json.load(sys.stdin):
    rate, x = scipy.io.wavfile.read(job['input'])
    noisy_rate, y = scipy.io.wavfile.read(job['output'])
    assert rate == noisy_rate and x.shape == y.shape and x.dtype == y.dtype
    x, y = x.astype('float64'), y.astype('float64')
    print(10 * numpy.log10((x ** 2).sum() / ((y - x) ** 2).sum()))
`

describe.skipIf(!hasModule('scipy'))('SciPy (needs it)', () => {
  corpusTest('measures the SNR that each result reports', async () => {
    const files = await addTo(temporaryFolder())
    const input = JSON.stringify(files)
    const measured = outputOf(python, ['-W', 'ignore', '-c', SCIPY_SNR], input)
      .toString()
      .trim()
      .split('\n')
      .map(Number)
    expect(measured).toHaveLength(files.length)
    measured.forEach((snr, i) => {
      expect(snr).toBeCloseTo(files[i].snr, 6)
      expect(Math.abs(snr - 10), files[i].output).toBeLessThan(snrError(files[i].frames * files[i].channels))
    })
  })
})
